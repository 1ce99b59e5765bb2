import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";

import { hashFile, listFolder } from "./files.ts";

export interface TreeDifference {
  /** Relative to both trees. */
  readonly path: string;
  readonly why: string;
}

/** The first path, in order, in which two trees differ; times are not compared. */
export async function findTreeDifference(
  first: string,
  second: string,
  below = "",
): Promise<TreeDifference | undefined> {
  const firstNames = await listFolder(join(first, below));
  const secondNames = new Set(await listFolder(join(second, below)));
  for (const name of new Set([...firstNames, ...secondNames].toSorted())) {
    const path = join(below, name);
    if (!secondNames.has(name)) return { path, why: "it is only in the first" };
    if (!firstNames.includes(name)) return { path, why: "it is only in the second" };
    const difference = await compareEntries(first, second, path);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

async function compareEntries(
  first: string,
  second: string,
  path: string,
): Promise<TreeDifference | undefined> {
  const [a, b] = await Promise.all([lstat(join(first, path)), lstat(join(second, path))]);
  const attributes = [
    ["type and permissions", a.mode.toString(8), b.mode.toString(8)],
    ["owner", `${a.uid}:${a.gid}`, `${b.uid}:${b.gid}`],
    ...(a.isDirectory() ? [] : [["size", a.size, b.size]]),
  ] as const;
  for (const [what, one, other] of attributes) {
    if (one !== other) return { path, why: `${what} ${one} and ${other}` };
  }
  if (a.isDirectory()) return findTreeDifference(first, second, path);
  if (a.isSymbolicLink()) {
    const [one, other] = await Promise.all([readlink(join(first, path)), readlink(join(second, path))]);
    return one === other ? undefined : { path, why: `it points to "${one}" and "${other}"` };
  }
  if (!a.isFile()) return undefined;
  const [one, other] = await Promise.all([hashFile(join(first, path)), hashFile(join(second, path))]);
  return one === other ? undefined : { path, why: `contents ${one.slice(0, 12)} and ${other.slice(0, 12)}` };
}
