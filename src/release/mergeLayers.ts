import type { ContentsFile } from "./contents.ts";

/** An entry of a folder that an overlay takes as a layer. */
export interface LayerEntry extends ContentsFile {
  /** `whiteout`: what lies below is deleted. `opaque`: a folder that shows nothing of those below. */
  readonly overlay?: "whiteout" | "opaque";
}

/**
 * What an overlay of two layers shows, as the kernel merges them (filesystems/overlayfs.rst,
 * "Merging", "whiteouts and opaque directories"). Not here: redirects and metacopy, which an overlay
 * with `userxattr` does not make.
 */
export function mergeLayers<Entry extends LayerEntry>(
  lower: readonly Entry[],
  upper: readonly Entry[],
): Entry[] {
  const over = new Set(upper.map(({ path }) => path));
  const hiding = new Set(
    upper
      .filter(({ type, overlay }) => type !== "directory" || overlay !== undefined)
      .map(({ path }) => path),
  );
  const shown = lower.filter(({ path }) => !over.has(path) && !isBelowAny(path, hiding));
  const laidOver = upper.filter(({ overlay }) => overlay !== "whiteout");
  return [...shown, ...laidOver].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function isBelowAny(path: string, folders: ReadonlySet<string>): boolean {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (folders.has(path.slice(0, end))) return true;
  }
  return folders.has("/");
}
