import { join } from "node:path";

import { decodeChecksums, encodeChecksums, type Checksum } from "#release/checksums.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";
import {
  toDocumentFile,
  toStoredName,
  type ChannelContent,
  type RepositoryContent,
} from "#trust/repositoryContent.ts";
import type { RootFiles } from "#trust/repositoryRoots.ts";
import type { SignedRepository } from "#trust/repositorySigning.ts";

import { exists, readIfPresent } from "./files.ts";
import type { RepositoryDisk } from "./repositoryDisk.ts";
import { METADATA_FOLDER, TARGETS_FOLDER, TIMESTAMP, toPartial } from "./repositoryFolder.ts";

export interface Commit {
  readonly signed: SignedRepository;
  readonly content: RepositoryContent;
  /** Root metadata that the repository does not have yet. */
  readonly roots: RootFiles;
}

/**
 * Makes clients see the new state: they follow `timestamp.json`, so everything else that is signed is
 * on the disk before it changes. What systemd-sysupdate reads is not signed: it shrinks before that
 * moment and grows after it, and so never offers what is not signed. New root metadata come last:
 * who does not know them reads the new state too, as long as former keys have signed it as well.
 */
export async function commitRepository(
  disk: RepositoryDisk,
  folder: string,
  { signed, content, roots }: Commit,
): Promise<void> {
  const write = async (text: string | Uint8Array, ...path: readonly string[]) => {
    const partial = toPartial(folder, ...path);
    await disk.write(partial, text);
    await disk.rename(partial, join(folder, ...path));
  };
  const writeRoots = async () => {
    for (const [version, bytes] of roots) {
      await write(bytes, METADATA_FOLDER, `${version}.root.json`);
      await disk.syncFolder(join(folder, METADATA_FOLDER)); // none without the one before
    }
  };
  const isFirst = !(await exists(join(folder, METADATA_FOLDER, TIMESTAMP)));
  const sums = await planChecksums(folder, content);

  if (isFirst) await writeRoots();
  for (const [name, channel] of content) {
    const document = toDocumentFile(channel);
    const path = [TARGETS_FOLDER, name, toStoredName(document)];
    if ((await readIfPresent(join(folder, ...path))) !== document.text) await write(document.text, ...path);
  }
  for (const [name, text] of signed.files) await write(text, METADATA_FOLDER, name);
  for (const { path, shrunk } of sums) {
    if (shrunk !== undefined) await write(shrunk, ...path);
  }
  const channels = [...content.keys()].map((name) => join(TARGETS_FOLDER, name));
  for (const path of [...channels, TARGETS_FOLDER, METADATA_FOLDER, ""])
    await disk.syncFolder(join(folder, path));

  await write(signed.timestamp, METADATA_FOLDER, TIMESTAMP);
  await disk.syncFolder(join(folder, METADATA_FOLDER));

  if (!isFirst) await writeRoots();
  for (const { path, full } of sums) {
    if (full !== undefined) await write(full, ...path);
  }
}

interface ChecksumsChange {
  readonly path: readonly string[];
  /** Without what is not offered any more; absent where nothing has to go. */
  readonly shrunk?: string;
  /** Absent where it is so already. */
  readonly full?: string;
}

async function planChecksums(folder: string, content: RepositoryContent): Promise<ChecksumsChange[]> {
  const changes: ChecksumsChange[] = [];
  for (const [name, channel] of content) {
    const path = [TARGETS_FOLDER, name, CHECKSUMS_NAME];
    const present = await readIfPresent(join(folder, ...path));
    const wanted = toChecksums(channel);
    const full = encodeChecksums(wanted);
    const listed = decodeOrNothing(present ?? "");
    const kept = listed.filter((line) =>
      wanted.some((each) => each.name === line.name && each.sha256 === line.sha256),
    );
    changes.push({
      path,
      ...(kept.length < listed.length ? { shrunk: encodeChecksums(kept) } : {}),
      ...(present === full ? {} : { full }),
    });
  }
  return changes;
}

function toChecksums({ files }: ChannelContent): Checksum[] {
  return files.map((file) => ({ name: toStoredName(file), sha256: file.sha256 }));
}

/** One that cannot be read is written anew; nobody trusts it. */
function decodeOrNothing(text: string): Checksum[] {
  try {
    return decodeChecksums(text);
  } catch {
    return [];
  }
}
