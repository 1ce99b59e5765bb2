/**
 * Which package brought which file, from dpkg's own lists: `info/PACKAGE.list` or
 * `info/PACKAGE:ARCHITECTURE.list`, and `diversions` (dpkg-divert(1)). Not here: files that package
 * scripts make, which belong to nobody.
 */
export interface PackageFileList {
  /** The list's name without `.list`: `bash`, `libc6:amd64`. */
  readonly owner: string;
  readonly text: string;
}

/** Finds the owner of a path of the tree, as the lists name it. */
export type FindOwner = (path: string) => string | undefined;

export function readOwners(lists: readonly PackageFileList[], diversions: string): FindOwner {
  const diverted = readDiversions(diversions);
  const owners = new Map<string, string>();
  for (const { owner, text } of lists) {
    for (const path of text.split("\n")) {
      const diversion = diverted.get(path);
      const moved = diversion !== undefined && diversion.by !== owner.split(":")[0];
      owners.set(toMergedPath(moved ? diversion.to : path), owner);
    }
  }
  // The build stores kernel modules unpacked.
  return (path) => owners.get(path) ?? (path.endsWith(".ko") ? owners.get(`${path}.xz`) : undefined);
}

/** Three lines each: where others' files would be, where they are instead, the package that is not diverted. */
function readDiversions(text: string): Map<string, { to: string; by: string }> {
  const lines = text.split("\n");
  const diverted = new Map<string, { to: string; by: string }>();
  for (let index = 0; index + 2 < lines.length; index += 3) {
    const [from = "", to = "", by = ""] = lines.slice(index, index + 3);
    diverted.set(from, { to, by });
  }
  return diverted;
}

/** Older lists still name a file by the symlinks that /bin, /lib, /lib64 and /sbin have become. */
function toMergedPath(path: string): string {
  return /^\/(?:bin|sbin|lib|lib64)\//.test(path) ? `/usr${path}` : path;
}
