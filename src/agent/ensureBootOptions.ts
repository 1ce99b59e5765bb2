import { listBootVariables, planBootOptions } from "#boot/planBootOptions.ts";
import { systemUuidOf } from "#boot/partitionUuids.ts";

import type { Log } from "./log.ts";

/** What is needed of the machine. The real one is system/linuxMachine.ts. */
export interface FirmwareMachine {
  /** The bytes of a file; undefined when it does not exist. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Writes a file in one call, as efivarfs wants it. */
  writeKernelFile(path: string, bytes: Uint8Array): Promise<void>;
}

const FOLDER = "/sys/firmware/efi/efivars";
const GLOBAL_NAMESPACE = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
/** Kept over power cuts; seen by the loader and by the system. UEFI 2.10, 8.2. */
const ATTRIBUTES = Uint8Array.from([7, 0, 0, 0]);
/** The first of the disk (boot/diskLayout.ts). */
const ESP_NUMBER = 1;

/**
 * Sees to it that the firmware tries the boot loader as often as an image has tries, so that an
 * image which the firmware refuses gives way to the one before. Does nothing without UEFI.
 * @param rootDevice kernel name of the root's partition, e.g. `vda2`
 */
export async function ensureBootOptions(
  machine: FirmwareMachine,
  image: { readonly id: string; readonly bootTries: number },
  rootDevice: string,
  log: Log,
): Promise<void> {
  const order = await machine.readFile(toPath("BootOrder"));
  const esp = await readEsp(machine, image.id, rootDevice);
  if (order === undefined || esp === undefined) return;
  const variables = new Map<string, Uint8Array>();
  for (const name of listBootVariables()) {
    const content = await machine.readFile(toPath(name));
    if (content !== undefined) variables.set(name, content.subarray(ATTRIBUTES.length));
  }
  const writes = planBootOptions({ esp, bootTries: image.bootTries, variables });
  for (const { name, data } of writes) {
    await machine.writeKernelFile(toPath(name), Buffer.concat([ATTRIBUTES, data]));
  }
  if (writes.length > 0) log("info", "boot options written", { names: writes.map(({ name }) => name) });
}

function toPath(name: string): string {
  return `${FOLDER}/${name}-${GLOBAL_NAMESPACE}`;
}

/** The EFI system partition of the disk that the root is on; sysfs counts in sectors of 512 bytes, as the table does. */
async function readEsp(machine: FirmwareMachine, id: string, rootDevice: string) {
  const [, disk] = /^(.*?)(?:(?<=\d)p)?\d+$/.exec(rootDevice) ?? [];
  if (disk === undefined) return undefined;
  const device = `${disk}${/\d$/.test(disk) ? "p" : ""}${ESP_NUMBER}`;
  const read = async (name: string) => {
    const bytes = await machine.readFile(`/sys/class/block/${device}/${name}`);
    return bytes === undefined ? undefined : Number(new TextDecoder().decode(bytes));
  };
  const [firstSector, sectors] = await Promise.all([read("start"), read("size")]);
  if (firstSector === undefined || sectors === undefined) return undefined;
  return { number: ESP_NUMBER, firstSector, sectors, uuid: systemUuidOf(id, "esp") };
}
