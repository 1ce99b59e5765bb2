import assert from "node:assert/strict";
import { test } from "node:test";

import { LineLimit } from "./lineLimit.ts";

test("of many lines at once a few are written, then some each second; the next one says how many were left out", () => {
  const limit = new LineLimit({ perSecond: 2, burst: 3 });
  const take = (nowMs: number) => limit.take(nowMs);
  assert.deepEqual([0, 0, 0, 0, 0].map(take), [0, 0, 0, undefined, undefined]);
  assert.deepEqual([400, 500, 999, 1000].map(take), [undefined, 3, undefined, 1]);
  assert.deepEqual([60_000, 60_000, 60_000, 60_000].map(take), [0, 0, 0, undefined]);
});
