import { join } from "node:path";

import { CHANNEL_DOCUMENT_NAME } from "#release/channel.ts";
import { decodeChecksums, encodeChecksums, type Checksum } from "#release/checksums.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";
import type { Sha256 } from "#release/sha256.ts";
import {
  toDocumentFile,
  toStoredName,
  type ChannelContent,
  type PublishedFile,
  type RepositoryContent,
} from "#trust/repositoryContent.ts";
import { RepositoryError } from "#trust/repositoryError.ts";
import type { RootFiles } from "#trust/repositoryRoots.ts";
import type { SignedRepository } from "#trust/repositorySigning.ts";
import { listStateFiles, type MetadataFiles, type RepositoryState } from "#trust/repositoryState.ts";

import { exists, isFolder, listFolder, readBytes, readIfPresent, readText } from "./files.ts";
import { hashPieces, type ReadOptions, type RepositoryDisk } from "./repositoryDisk.ts";

/**
 * The files of a repository. What is not whole yet has a name that begins with a dot and ends in
 * ".partial"; a file appears under its own name by a rename, on the disk, content first.
 */
export const METADATA_FOLDER = "metadata";
export const TARGETS_FOLDER = "targets";
const TIMESTAMP = "timestamp.json";

export async function readMetadataFiles(folder: string): Promise<MetadataFiles> {
  const names = await listFolder(join(folder, METADATA_FOLDER));
  const metadata = new Map<string, Uint8Array>();
  for (const name of names.filter((entry) => entry.endsWith(".json")))
    metadata.set(name, await readBytes(join(folder, METADATA_FOLDER, name)));
  return metadata;
}

/** The documents below `targets/` by their path from there. */
export async function readChannelDocuments(folder: string): Promise<Map<string, string>> {
  const documents = new Map<string, string>();
  for (const channel of await listChannelFolders(folder)) {
    for (const name of await listFolder(join(folder, TARGETS_FOLDER, channel))) {
      if (name.endsWith(`.${CHANNEL_DOCUMENT_NAME}`))
        documents.set(`${channel}/${name}`, await readText(join(folder, TARGETS_FOLDER, channel, name)));
    }
  }
  return documents;
}

export async function listChannelFolders(folder: string): Promise<string[]> {
  const names = await listFolder(join(folder, TARGETS_FOLDER));
  const folders: string[] = [];
  for (const name of names) {
    if (await isFolder(join(folder, TARGETS_FOLDER, name))) folders.push(name);
  }
  return folders;
}

/** A folder with other things in it is not made into a repository. */
export async function refuseOtherFolder(folder: string): Promise<void> {
  const names = (await listFolder(folder)).filter((name) => !name.startsWith("."));
  if (names.length === 0 || names.includes(METADATA_FOLDER) || names.includes(TARGETS_FOLDER)) return;
  throw new RepositoryError(
    "repository-in-use",
    `Cannot make a repository in "${folder}": it holds "${names[0]}"`,
    { hint: "Name a new or empty folder, or that of a repository." },
  );
}

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
  for (const path of [...channels, TARGETS_FOLDER, METADATA_FOLDER, ""]) await disk.syncFolder(join(folder, path));

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
    const kept = listed.filter((line) => wanted.some((each) => each.name === line.name && each.sha256 === line.sha256));
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

/**
 * Removes what no client asks for any more. Those that began before the change still ask for the
 * state before it, so that one stays until the next change.
 */
export async function pruneRepository(
  disk: RepositoryDisk,
  folder: string,
  states: readonly (RepositoryState | undefined)[],
): Promise<void> {
  const known = states.filter((state) => state !== undefined);
  const metadata = new Set(known.flatMap(listStateFiles));
  for (const name of await listFolder(join(folder, METADATA_FOLDER))) {
    const isFormer = /^\d+\.[a-z0-9-]+\.json$/.test(name) && !/^\d+\.root\.json$/.test(name);
    if (isPartial(name) || (isFormer && !metadata.has(name)))
      await disk.remove(join(folder, METADATA_FOLDER, name));
  }
  const documents = new Set(
    known.flatMap(({ channels }) =>
      [...channels].flatMap(([name, { signed }]) =>
        Object.entries(signed.targets)
          .filter(([path]) => path === `${name}/${CHANNEL_DOCUMENT_NAME}`)
          .map(([, { hashes }]) => `${name}/${hashes["sha256"]}.${CHANNEL_DOCUMENT_NAME}`),
      ),
    ),
  );
  for (const channel of await listChannelFolders(folder)) {
    for (const name of await listFolder(join(folder, TARGETS_FOLDER, channel))) {
      const isFormer = name.endsWith(`.${CHANNEL_DOCUMENT_NAME}`) && !documents.has(`${channel}/${name}`);
      if (isPartial(name) || isFormer) await disk.remove(join(folder, TARGETS_FOLDER, channel, name));
    }
  }
}

function toPartial(...path: readonly string[]): string {
  return join(...path.slice(0, -1), `.${path.at(-1) ?? ""}.partial`);
}

export function isPartial(name: string): boolean {
  return name.startsWith(".") && name.endsWith(".partial");
}
