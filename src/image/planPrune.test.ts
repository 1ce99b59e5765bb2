import assert from "node:assert/strict";
import { test } from "node:test";

import { IN_USE_MS, KEPT_PER_KIND, planPrune, type CacheEntry } from "./planPrune.ts";

const MINUTE_MS = 60_000;
const NOW_MS = 1_000 * MINUTE_MS;

/** Entries of one kind; the numbers say how many minutes ago each was used. */
function used(kind: string, ...minutesAgo: number[]): CacheEntry[] {
  return minutesAgo.map((minutes) => ({
    kind,
    path: `${kind}/${minutes}`,
    usedAtMs: NOW_MS - minutes * MINUTE_MS,
  }));
}

function pathsOf(entries: readonly CacheEntry[]): string[] {
  return entries.map(({ path }) => path).toSorted();
}

const afterBuild = { keepSinceMs: NOW_MS - IN_USE_MS, keep: new Set<string>() };

test("of each kind the ones used last stay, whatever their number elsewhere", () => {
  assert.equal(KEPT_PER_KIND, 6);
  const entries = [...used("root", 70, 10, 60, 20, 50, 30, 40, 80), ...used("disk", 900, 901)];
  assert.deepEqual(pathsOf(planPrune(entries)), ["root/70", "root/80"]);
  assert.deepEqual(pathsOf(planPrune(entries, afterBuild)), ["root/70", "root/80"]);
});

test("after a build, what another build may still be at work with stays; asked for by a person, it goes", () => {
  const entries = used("root", 1, 2, 3, 4, 5, 6, 7, 14, 16);
  assert.deepEqual(pathsOf(planPrune(entries, afterBuild)), ["root/16"]);
  assert.deepEqual(pathsOf(planPrune(entries)), ["root/14", "root/16", "root/7"]);
});

test("what the build itself used stays however old it is", () => {
  const entries = used("root", 20, 30, 40, 50, 60, 70, 80, 90);
  assert.deepEqual(pathsOf(planPrune(entries, { ...afterBuild, keep: new Set(["root/90"]) })), ["root/80"]);
});

test("downloads stay: they may be gone from the mirror", () => {
  assert.deepEqual(planPrune(used("packages", 1, 2, 3, 4, 5, 6, 7, 8, 9)), []);
});

test("an entry keeps what else is known of it", () => {
  const entries = used("root", 1, 2, 3, 4, 5, 6, 7).map((entry) => ({ ...entry, sizeBytes: 5 }));
  assert.deepEqual(
    planPrune(entries).map(({ sizeBytes }) => sizeBytes),
    [5],
  );
});
