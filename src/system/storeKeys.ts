import { chmod, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { KeySet } from "#trust/keySet.ts";
import { encodeKeySet } from "#trust/parseKeySet.ts";
import { withFileLock } from "./fileLock.ts";
import { writeAtomic } from "./files.ts";
import type { MadeKey } from "./makeKey.ts";

/** Names in a key folder. */
export function keySetFile(folder: string): string {
  return join(folder, "keys.json");
}

export function rootMetadataFile(folder: string, version: number): string {
  return join(folder, "root", `${version}.root.json`);
}

/** One at a time: two rotations at once would each sign a root metadata of the same version. */
export function withKeyLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(folder, ".lock"), work);
}

/**
 * Private keys, then root metadata, keys.json last: that is the moment from which the change holds.
 * Interrupted before it, the old set is whole, and the files that it does not name are not read.
 */
export async function storeKeys(
  folder: string,
  keySet: KeySet,
  {
    made = [],
    rootMetadata,
  }: { readonly made?: readonly MadeKey[]; readonly rootMetadata?: string | undefined },
): Promise<void> {
  for (const { privateFile } of made) {
    if (privateFile === undefined) continue;
    await makePrivateFolder(dirname(privateFile.path));
    await writeAtomic(privateFile.path, privateFile.pem, 0o600);
  }
  if (rootMetadata !== undefined)
    await writeAtomic(rootMetadataFile(folder, keySet.rootVersion), rootMetadata);
  await writeAtomic(keySetFile(folder), encodeKeySet(keySet));
}

/** A folder that is there already keeps its mode: it may be the top of a medium. */
async function makePrivateFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await chmod(path, 0o700);
}
