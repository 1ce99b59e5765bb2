import { join } from "node:path";

import type { Sha256 } from "#release/sha256.ts";
import { toStoredName, type PublishedFile } from "#trust/repositoryContent.ts";
import { RepositoryError } from "#trust/repositoryError.ts";

import { exists } from "./files.ts";
import { hashPieces, type ReadOptions, type RepositoryDisk } from "./repositoryDisk.ts";
import { listChannelFolders, TARGETS_FOLDER, toPartial } from "./repositoryFolder.ts";

export type Placement = "copied" | "linked" | "present";

/** A file of a release and where its bytes are. */
export interface FileToPlace extends PublishedFile {
  readonly source: string;
}

/** Puts a file into a channel's folder: it is there already, another channel has it, or it is copied. */
export async function placeFile(
  disk: RepositoryDisk,
  folder: string,
  channel: string,
  file: FileToPlace,
  options: ReadOptions,
): Promise<Placement> {
  const stored = toStoredName(file);
  const own = join(folder, TARGETS_FOLDER, channel, stored);
  if (await holds(own, file.sha256, options)) return "present";
  const partial = toPartial(folder, TARGETS_FOLDER, channel, stored);
  await disk.remove(partial);
  for (const other of await listChannelFolders(folder)) {
    const path = join(folder, TARGETS_FOLDER, other, stored);
    if (other === channel || !(await holds(path, file.sha256, options))) continue;
    if (!(await disk.link(path, partial))) break;
    await disk.rename(partial, own);
    return "linked";
  }
  const written = await disk.copy(file.source, partial, options);
  if (written !== file.sha256) {
    await disk.remove(partial);
    throw new RepositoryError("release-not-whole", `"${file.source}" changed while it was published`);
  }
  await disk.rename(partial, own);
  return "copied";
}

async function holds(path: string, sha256: Sha256, { signal }: ReadOptions): Promise<boolean> {
  return (await exists(path)) && (await hashPieces(path, { signal })) === sha256;
}
