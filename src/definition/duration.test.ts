import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMs, parseDuration } from "./duration.ts";

test("a span of time is a number and its unit", () => {
  const cases: [text: string, durationMs: number | undefined][] = [
    ["500ms", 500],
    ["5s", 5000],
    ["0s", 0],
    ["1.5 s", 1500],
    ["3min", 180_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["5", undefined],
    ["5m", undefined],
    ["-5s", undefined],
    ["0.0001s", undefined],
    ["9007199254740993ms", undefined],
    ["1e3s", undefined],
    ["", undefined],
  ];
  for (const [text, durationMs] of cases) {
    const parsed = parseDuration(text);
    assert.equal("durationMs" in parsed ? parsed.durationMs : undefined, durationMs, text);
  }
});

test("a number without a unit, or with that of metres, gets a hint", () => {
  assert.match(JSON.stringify(parseDuration("5")), /write \\"5s\\"/);
  assert.match(JSON.stringify(parseDuration("5m")), /write \\"5min\\"/);
});

test("people read seconds up to two minutes, then minutes, then hours", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [999, "999 ms"],
    [1500, "1.5 s"],
    [31_000, "31 s"],
    [60_000, "1 min"],
    [72_000, "72 s"],
    [180_000, "3 min"],
    [7_200_000, "2 h"],
  ];
  for (const [durationMs, text] of cases) assert.equal(formatMs(durationMs), text);
});
