import assert from "node:assert/strict";
import { test } from "node:test";

import { spreadOffsetSeconds } from "./spreadOffset.ts";

test("a machine waits the same time for a release whenever it is asked, and another for another", () => {
  const offset = spreadOffsetSeconds("machine", "release", 3600);
  assert.equal(spreadOffsetSeconds("machine", "release", 3600), offset);
  assert.notEqual(spreadOffsetSeconds("machine", "release 2", 3600), offset);
  assert.equal(spreadOffsetSeconds("machine", "release", 0), 0);
});

test("many machines are spread evenly, with none at or after the end", () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (let machine = 0; machine < 10_000; machine += 1) {
    const offset = spreadOffsetSeconds(`machine ${machine}`, "release", 3600);
    assert.ok(Number.isInteger(offset) && offset >= 0 && offset < 3600);
    counts[Math.floor(offset / 360)]! += 1;
  }
  // Ten standard deviations around 1000.
  assert.ok(
    counts.every((count) => count > 700 && count < 1300),
    counts.join(", "),
  );
});
