import { createHash } from "node:crypto";

import { decodeBootEntryName } from "./bootCounter.ts";
import type { BootEntryFacts } from "./bootOrder.ts";
import { LEFT_OVER_SUFFIX } from "./planBootFolder.ts";
import { PortableExecutableError, readPeText } from "./portableExecutable.ts";
import type { BootFolder } from "./updateDevices.ts";
import type { BootFolderFacts } from "./updateFacts.ts";

/** Reads this system's kernel images; those of others in the same folder are not even opened. */
export async function readBootFolder(folder: BootFolder, id: string): Promise<BootFolderFacts> {
  const entries: BootEntryFacts[] = [];
  const leftOvers: { fileName: string; sizeBytes: number }[] = [];
  for (const { name: fileName, sizeBytes } of await folder.list()) {
    const isLeftOver = fileName.endsWith(LEFT_OVER_SUFFIX);
    const name = decodeBootEntryName(isLeftOver ? fileName.slice(0, -LEFT_OVER_SUFFIX.length) : fileName);
    if (name?.id !== id) continue;
    if (isLeftOver) leftOvers.push({ fileName, sizeBytes });
    else entries.push(toEntry({ fileName, name, sizeBytes }, await folder.read(fileName)));
  }
  return { entries, leftOvers, freeBytes: await folder.freeBytes() };
}

/** Of a kernel image that is whole; undefined where none is named or the bytes are no kernel image. */
export function findRootHash(uki: Uint8Array): string | undefined {
  try {
    const commandLine = readPeText(Buffer.from(uki.buffer, uki.byteOffset, uki.length), ".cmdline");
    return /(?:^|\s)roothash=([0-9a-f]{64})(?:\s|$)/.exec(commandLine)?.[1];
  } catch (error) {
    if (error instanceof PortableExecutableError) return undefined;
    throw error;
  }
}

function toEntry(
  file: Pick<BootEntryFacts, "fileName" | "name" | "sizeBytes">,
  bytes: Uint8Array,
): BootEntryFacts {
  const rootHash = findRootHash(bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { ...file, sha256, ...(rootHash !== undefined && { rootHash }) };
}
