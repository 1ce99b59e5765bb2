import { decodeBootEntryName } from "#boot/bootCounter.ts";
import type { RunningDeployment } from "#health/healthHistory.ts";
import { parseStartedImageName, STARTED_IMAGE_PATH } from "../facts/efiVariables.ts";
import { IMAGE_DESCRIPTION_PATH, parseImageDescription } from "../facts/imageDescription.ts";
import { findKernelArgument } from "../facts/kernelCommandLine.ts";
import { readText } from "../machineFacts.ts";
import type { HealthMachine } from "./healthMachine.ts";

const BOOT_FOLDER = "/boot/EFI/Linux";

/**
 * What was started. The root hash is that of the command line, with which the initrd set dm-verity up;
 * the version that of the kernel image, which a kernel-only update makes newer than the root's.
 */
export async function readRunningDeployment(
  machine: Pick<HealthMachine, "readFile" | "listFolder" | "hashFile">,
): Promise<RunningDeployment> {
  const [bootId, commandLine, description, started] = await Promise.all([
    readText(machine, "/proc/sys/kernel/random/boot_id"),
    readText(machine, "/proc/cmdline"),
    readText(machine, IMAGE_DESCRIPTION_PATH),
    machine.readFile(STARTED_IMAGE_PATH),
  ]);
  const rootHash = findKernelArgument(commandLine?.trim() ?? "", "roothash") ?? "";
  const image = started === undefined ? undefined : decodeBootEntryName(parseStartedImageName(started));
  const version = image?.version ?? parseImageDescription(description ?? "").version;
  const deployment = { bootId: bootId?.trim() ?? "", version, rootHash };
  if (image === undefined) return deployment;

  // The loader and the blessing rename the file: only the counter differs.
  const fileName = (await machine.listFolder(BOOT_FOLDER)).find((name) => {
    const entry = decodeBootEntryName(name);
    return entry?.id === image.id && entry.version === image.version;
  });
  if (fileName === undefined) return deployment;
  return { ...deployment, ukiSha256: await machine.hashFile(`${BOOT_FOLDER}/${fileName}`) };
}
