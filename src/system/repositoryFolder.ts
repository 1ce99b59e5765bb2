import { join } from "node:path";

import { CHANNEL_DOCUMENT_NAME } from "#release/channel.ts";
import { RepositoryError } from "#trust/repositoryError.ts";
import { listStateFiles, type MetadataFiles, type RepositoryState } from "#trust/repositoryState.ts";

import { isFolder, listFolder, readBytes, readText } from "./files.ts";
import type { RepositoryDisk } from "./repositoryDisk.ts";

/**
 * The files of a repository. What is not whole yet has a name that begins with a dot and ends in
 * ".partial"; a file appears under its own name by a rename, on the disk, content first.
 */
export const METADATA_FOLDER = "metadata";
export const TARGETS_FOLDER = "targets";
export const TIMESTAMP = "timestamp.json";

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

export function toPartial(...path: readonly string[]): string {
  return join(...path.slice(0, -1), `.${path.at(-1) ?? ""}.partial`);
}

export function isPartial(name: string): boolean {
  return name.startsWith(".") && name.endsWith(".partial");
}
