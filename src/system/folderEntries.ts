import { readdir } from "node:fs/promises";

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Sorted by name; empty when there is no such folder or it may not be read. */
export async function readFolderEntries(path: string): Promise<FolderEntry[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
