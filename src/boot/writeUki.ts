import { LEFT_OVER_SUFFIX } from "./planBootFolder.ts";
import { readPieces } from "./readPieces.ts";
import type { BootFolder, ImageSource } from "./updateDevices.ts";
import type { UpdateRelease } from "./updateRelease.ts";
import { UpdateWriteError } from "./updateWriteError.ts";

/**
 * Puts a kernel image into the boot folder. Until all of it is durable and was read back it has a
 * name that the loader passes over; the rename is what makes the release bootable.
 */
export async function writeUki(
  folder: BootFolder,
  source: ImageSource,
  fileName: string,
  { uki, slot }: UpdateRelease,
  signal?: AbortSignal,
): Promise<void> {
  const partName = fileName + LEFT_OVER_SUFFIX;
  const chunks = source.read("uki", 0, uki.sizeBytes);
  await folder.write(partName, readPieces(chunks, uki.sizeBytes, signal));
  await folder.sync();
  const { sha256, rootHash } = await folder.examine(partName);
  if (sha256 !== uki.sha256) {
    throw new UpdateWriteError(
      "image-tampered",
      `Cannot write the kernel image "${fileName}": it is not what was signed`,
      { hint: "It cannot be booted. Somebody changed the file on the server, or on the way." },
    );
  }
  if (rootHash !== slot.rootHash) {
    throw new UpdateWriteError(
      "release-inconsistent",
      `Cannot write the kernel image "${fileName}": it starts the root ${rootHash ?? "of no hash"}, the release has ${slot.rootHash}`,
    );
  }
  await folder.rename(partName, fileName);
  await folder.sync();
}
