/** One thing that the cache keeps. */
export interface CacheEntry {
  /** `packages`, `tools`, or the name of a build step. */
  readonly kind: string;
  readonly path: string;
  /** When a build used it last; milliseconds since 1970. */
  readonly usedAtMs: number;
}

export interface PruneLimits {
  /** Nothing used since then is removed: another build may be at work with it. Milliseconds since 1970. */
  readonly keepSinceMs: number;
  /** Paths that stay whatever their age. */
  readonly keep: ReadonlySet<string>;
}

/** Kept of each kind: enough to go back and forth between a few versions of a few systems. */
export const KEPT_PER_KIND = 6;

/** How long after its last use a build that runs beside this one may still need a result. */
export const IN_USE_MS = 15 * 60 * 1000;

/** What to remove: of every kind all but the ones used last. Downloads stay, they may be gone from the mirror. */
export function planPrune<Entry extends CacheEntry>(
  entries: readonly Entry[],
  { keepSinceMs, keep }: PruneLimits = { keepSinceMs: Infinity, keep: new Set() },
): Entry[] {
  const byKind = Map.groupBy(
    entries.filter(({ kind }) => kind !== "packages"),
    ({ kind }) => kind,
  );
  return [...byKind.values()].flatMap((own) =>
    own
      .toSorted((a, b) => b.usedAtMs - a.usedAtMs)
      .slice(KEPT_PER_KIND)
      .filter(({ path, usedAtMs }) => usedAtMs < keepSinceMs && !keep.has(path)),
  );
}
