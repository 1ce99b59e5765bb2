import type { MessageInitShape } from "@bufbuild/protobuf";
import { FileType, type GetInventoryResponseSchema } from "#protocol/gen/socle/v1/machine_pb.ts";
import { parseDpkgStatus, type InstalledPackage } from "#release/packages.ts";
import { toVisibleMounts, type Mount } from "./facts/mounts.ts";
import { parseUnitFiles, type UnitFile } from "./facts/unitFiles.ts";
import { readMachineFacts, readText, type Machine } from "./machineFacts.ts";
import { readListeners, type Listener } from "./readListeners.ts";
import { toImage } from "./status.ts";
import { walkFiles, type FileEntry, type WalkedFile } from "./walkFiles.ts";

/** Fields of GetInventoryResponse; the lists of all parts together are the inventory. */
export type InventoryPart = MessageInitShape<typeof GetInventoryResponseSchema>;

/** Where the packages' database lies in an image; /var/lib/dpkg leads there. */
export const DPKG_STATUS_PATH = "/usr/lib/sysimage/dpkg/status";

/** Not of the image, or gone at the next boot. */
const TEMPORARY = ["/boot", "/dev", "/proc", "/run", "/sys", "/tmp", "/var"];

/**
 * What is on the machine, in parts, so that neither side needs room for the whole at once. A source that fails does not take
 * the others away; it is named in `unreadable`.
 */
export async function* readInventory(machine: Machine, signal: AbortSignal): AsyncGenerator<InventoryPart> {
  const facts = await readMachineFacts(machine);
  const leftOut = findLeftOut(facts.mounts);
  yield {
    system: {
      image: toImage(facts),
      kernelRelease: facts.kernelRelease,
      commandLine: facts.commandLine,
      rootHash: facts.verity?.rootHash ?? "",
      leftOut,
    },
  };

  const unreadable: string[] = [];
  const attempt = async <T>(what: string, read: () => Promise<T[]>): Promise<T[]> => {
    try {
      return await read();
    } catch (error) {
      signal.throwIfAborted();
      unreadable.push(`cannot read ${what}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  };
  const packages = await attempt<InstalledPackage>("the installed packages", () => readPackages(machine));
  const units = await attempt<UnitFile>("the unit files", async () =>
    parseUnitFiles(await machine.run("systemctl", ["list-unit-files", "--output=json"])),
  );
  const listeners = await attempt<Listener>("the listening sockets", () => readListeners(machine, signal));
  yield {
    packages: packages.map(({ name, version, architecture, source, sourceVersion }) => ({
      name,
      version,
      architecture,
      source,
      sourceVersion,
    })),
    units,
    listeners,
    unreadable,
  };

  for await (const { files, unreadable: gone } of walkFiles(machine, { leftOut: new Set(leftOut), signal })) {
    yield { files: files.map(toFile), unreadable: [...gone] };
  }
}

async function readPackages(machine: Machine): Promise<InstalledPackage[]> {
  const text = await readText(machine, DPKG_STATUS_PATH);
  if (text === undefined) throw new Error(`${DPKG_STATUS_PATH} is not there`);
  return parseDpkgStatus(text);
}

/**
 * Everything that is no part of the root; but /etc is looked at as it is, also where it is an overlay. Decided by
 * the kernel's table of mounts and not by device numbers, which an overlay does not keep the same for its own files.
 */
function findLeftOut(mounts: readonly Mount[]): string[] {
  const targets = toVisibleMounts(mounts)
    .map(({ target }) => target)
    .filter((target) => target !== "/" && target !== "/etc");
  return [...new Set([...TEMPORARY, ...targets])].sort();
}

const FILE_TYPES: Readonly<Record<FileEntry["type"], FileType>> = {
  file: FileType.FILE,
  directory: FileType.DIRECTORY,
  symlink: FileType.SYMLINK,
  "character-device": FileType.CHARACTER_DEVICE,
  "block-device": FileType.BLOCK_DEVICE,
  fifo: FileType.FIFO,
  socket: FileType.SOCKET,
  unknown: FileType.UNSPECIFIED,
};

function toFile({ path, type, mode, uid, gid, sizeBytes, target }: WalkedFile) {
  return { path, type: FILE_TYPES[type], mode, uid, gid, sizeBytes: BigInt(sizeBytes), target };
}
