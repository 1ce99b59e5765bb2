import { decodeBootEntryName } from "./bootCounter.ts";
import type { BootEntryFacts } from "./bootOrder.ts";
import { LEFT_OVER_SUFFIX } from "./planBootFolder.ts";
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
    else {
      const { sha256, rootHash } = await folder.examine(fileName);
      entries.push({ fileName, name, sizeBytes, sha256, ...(rootHash !== undefined && { rootHash }) });
    }
  }
  return { entries, leftOvers, freeBytes: await folder.freeBytes() };
}
