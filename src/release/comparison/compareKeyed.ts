import type { Changes } from "./releaseDiff.ts";

/** By text, not by locale: equal inputs give equal lists on every machine. */
export function compareTexts(a: string, b: string): -1 | 0 | 1 {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Compares two lists by what identifies an entry; what has the same key twice counts once, the last. */
export function compareKeyed<T>(
  from: readonly T[],
  to: readonly T[],
  keyOf: (entry: T) => string,
  isSame: (a: T, b: T) => boolean,
): Changes<T> {
  const before = new Map(from.map((entry) => [keyOf(entry), entry]));
  const after = new Map(to.map((entry) => [keyOf(entry), entry]));
  const pairs = [...before].flatMap(([key, entry]) => {
    const other = after.get(key);
    return other === undefined || isSame(entry, other) ? [] : [{ from: entry, to: other }];
  });
  const byKey = (a: T, b: T) => compareTexts(keyOf(a), keyOf(b));
  return {
    added: [...after].flatMap(([key, entry]) => (before.has(key) ? [] : [entry])).sort(byKey),
    removed: [...before].flatMap(([key, entry]) => (after.has(key) ? [] : [entry])).sort(byKey),
    changed: pairs.sort((a, b) => byKey(a.from, b.from)),
  };
}
