import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRelativeTime } from "./formatRelativeTime.ts";

test("times within a day are distances, others are dates", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  const cases: [distanceS: number, words: string][] = [
    [0, "now"],
    [-3, "10 s ago"],
    [-42, "42 s ago"],
    [-7 * 60 - 20, "7 min ago"],
    [-3 * 3600, "3 h ago"],
    [6 * 3600 + 61, "in 6 h 1 min"],
    [23 * 3600 + 1200, "in 23 h"],
    [3 * 86_400, "on 2026-11-25"],
    [-86_400, "on 2026-11-21"],
  ];
  for (const [distanceS, words] of cases)
    assert.equal(formatRelativeTime(new Date(now.getTime() + distanceS * 1_000), now), words);
});
