import assert from "node:assert/strict";
import { test } from "node:test";

import { toPauseMs } from "./askAgain.ts";

const CASES: readonly [what: string, atLeastMs: number, answerMs: number, pauseMs: number][] = [
  ["a quick machine is asked as often as is wanted", 300, 20, 300],
  ["one that is busy has three quarters of its time for itself", 300, 2_000, 6_000],
  ["one that does not answer is not given up", 3_000, 30_000, 15_000],
  ["who wants to wait longer may", 20_000, 30_000, 20_000],
];

for (const [what, atLeastMs, answerMs, pauseMs] of CASES)
  test(what, () => assert.equal(toPauseMs(atLeastMs, answerMs), pauseMs));
