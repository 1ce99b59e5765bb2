import { FileType, type File, type InventorySystem } from "#protocol/gen/socle/v1/machine_pb.ts";
import type { ContentsFile } from "#release/contents.ts";
import type { PackageListEntry } from "#release/packages.ts";

import { callMachine, MachineCallError, type MachineAccess } from "./callMachine.ts";

/** What is on a running machine, in the words of a release's contents where both have them. */
export interface MachineInventory {
  readonly id: string;
  readonly version: string;
  /** As `uname -r` prints it. */
  readonly kernelVersion: string;
  readonly kernelCommandLine: string;
  /** That the kernel checks the root against; absent where there is none. */
  readonly rootHash?: string;
  /** Sorted by name. */
  readonly packages: readonly PackageListEntry[];
  /** Of the root and of /etc, without what `leftOut` names; sorted by path. Never with a hash. */
  readonly files: readonly Omit<ContentsFile, "sha256" | "capabilities">[];
  /** Paths that are not in `files`, with all below them: temporary folders and other file systems. */
  readonly leftOut: readonly string[];
  /** Unit files, sorted by name; the state in systemd's words. */
  readonly units: readonly { readonly name: string; readonly state: string }[];
  /** Sorted by protocol, port, address. */
  readonly listeners: readonly MachineListener[];
  /** What the machine could not read, one sentence each. */
  readonly unreadable: readonly string[];
}

export interface MachineListener {
  readonly protocol: string;
  /** `0.0.0.0` and `::` are all addresses. */
  readonly address: string;
  readonly port: number;
  /** Name of the process that holds it, and its unit; empty when they cannot be told. */
  readonly process: string;
  readonly unit: string;
}

/** Twenty thousand files under emulation take most of a minute. */
const INVENTORY_TIMEOUT_MS = 120_000;

/** Asks a machine for all that is on it. */
export async function fetchInventory(
  access: MachineAccess,
  { timeoutMs = INVENTORY_TIMEOUT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<MachineInventory> {
  const call = { purpose: "get the inventory", timeoutMs, ...(signal && { signal }) };
  return callMachine(access, call, async ({ machine }, options) => {
    let system: InventorySystem | undefined;
    const packages: PackageListEntry[] = [];
    const units: { name: string; state: string }[] = [];
    const listeners: MachineListener[] = [];
    const files: MachineInventory["files"][number][] = [];
    const unreadable: string[] = [];
    for await (const part of machine.getInventory({}, options)) {
      system ??= part.system;
      for (const { name, version, architecture, source, sourceVersion } of part.packages)
        packages.push({ name, version, architecture, source, sourceVersion });
      for (const { name, state } of part.units) units.push({ name, state });
      for (const { protocol, address, port, process, unit } of part.listeners)
        listeners.push({ protocol, address, port, process, unit });
      for (const file of part.files) files.push(...toContentsFile(file));
      unreadable.push(...part.unreadable);
    }
    if (system === undefined)
      throw new MachineCallError("machine-failed", "Cannot use the inventory: it does not say what runs");
    return {
      id: system.image?.id ?? "",
      version: system.image?.version ?? "",
      kernelVersion: system.kernelRelease,
      kernelCommandLine: system.commandLine,
      ...(system.rootHash === "" ? {} : { rootHash: system.rootHash }),
      packages,
      files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      leftOut: system.leftOut,
      units,
      listeners,
      unreadable,
    };
  });
}

const FILE_TYPES: Readonly<Record<number, ContentsFile["type"]>> = {
  [FileType.FILE]: "file",
  [FileType.DIRECTORY]: "directory",
  [FileType.SYMLINK]: "symlink",
  [FileType.CHARACTER_DEVICE]: "character-device",
  [FileType.BLOCK_DEVICE]: "block-device",
  [FileType.FIFO]: "fifo",
  [FileType.SOCKET]: "socket",
};

/** None for a type that this side does not know: a later agent may have more. */
function toContentsFile({
  path,
  type,
  mode,
  uid,
  gid,
  sizeBytes,
  target,
}: File): MachineInventory["files"][number][] {
  const word = FILE_TYPES[type];
  if (word === undefined) return [];
  return [
    {
      path,
      type: word,
      mode,
      uid,
      gid,
      ...(word === "file" && { sizeBytes: Number(sizeBytes) }),
      ...(word === "symlink" && { target }),
    },
  ];
}
