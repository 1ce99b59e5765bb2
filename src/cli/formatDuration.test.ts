import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, formatShortDuration, formatStopwatch } from "./formatDuration.ts";

const CASES: readonly (readonly [ms: number, sentence: string, column: string, stopwatch: string])[] = [
  [0, "0.0 s", "0.0s", "00:00.0"],
  [1_240, "1.2 s", "1.2s", "00:01.2"],
  [9_949, "9.9 s", "9.9s", "00:09.9"],
  [9_960, "10 s", "10s", "00:09.9"],
  [59_499, "59 s", "59s", "00:59.4"],
  [59_500, "1 min", "1m00s", "00:59.5"],
  [72_400, "1 min 12 s", "1m12s", "01:12.4"],
  [7_500_000, "2 h 5 min", "2h05m", "125:00.0"],
];

for (const [ms, sentence, column, stopwatch] of CASES) {
  test(`${ms} ms is "${sentence}" in a sentence, "${column}" in a column, "${stopwatch}" in a log`, () => {
    assert.equal(formatDuration(ms), sentence);
    assert.equal(formatShortDuration(ms), column);
    assert.equal(formatStopwatch(ms), stopwatch);
  });
}
