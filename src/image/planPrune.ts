/** One thing that the cache keeps. */
export interface CacheEntry {
  /** `packages`, `tools`, or the name of a build step. */
  readonly kind: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** When a build used it last; milliseconds since 1970. */
  readonly usedAtMs: number;
}

/** Kept of each kind: enough to go back and forth between a few versions of a few systems. */
const KEPT_PER_KIND = 4;

/** What to remove: of every build step all results but the ones used last. Downloads stay, they may be gone from the mirror. */
export function planPrune(entries: readonly CacheEntry[]): CacheEntry[] {
  const byKind = Map.groupBy(
    entries.filter(({ kind }) => kind !== "packages"),
    ({ kind }) => kind,
  );
  return [...byKind.values()].flatMap((own) => own.toSorted((a, b) => b.usedAtMs - a.usedAtMs).slice(KEPT_PER_KIND));
}
