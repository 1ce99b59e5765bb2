import type { ContentsFile } from "../contents.ts";

/** As many as the kernel follows in one path (`MAXSYMLINKS`). */
const MOST_SYMLINKS = 40;

/** What of an entry decides where a path leads. */
export type TreePathEntry = Pick<ContentsFile, "type" | "target">;

/**
 * Where a path leads in a tree whose entries are known by absolute path, with every symlink on the
 * way followed inside of the tree. Undefined where it leads to nothing, or in circles.
 */
export function resolveTreePath(
  entries: ReadonlyMap<string, TreePathEntry>,
  path: string,
): string | undefined {
  if (!path.startsWith("/")) return undefined;
  let ahead = path.split("/");
  let resolved: string[] = [];
  let symlinks = 0;
  while (ahead.length > 0) {
    const [name = "", ...rest] = ahead;
    ahead = rest;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      resolved.pop();
      continue;
    }
    const entry = entries.get(`/${[...resolved, name].join("/")}`);
    if (entry === undefined) return undefined;
    if (entry.type !== "symlink") {
      resolved.push(name);
      continue;
    }
    symlinks += 1;
    if (symlinks > MOST_SYMLINKS || entry.target === undefined) return undefined;
    if (entry.target.startsWith("/")) resolved = [];
    ahead = [...entry.target.split("/"), ...ahead];
  }
  return `/${resolved.join("/")}`;
}
