import assert from "node:assert/strict";
import { test } from "node:test";

import { parseIssued, toReferenceTime } from "./referenceTime.ts";

const T1970 = new Date("1970-01-01T00:00:00Z");
const IMAGE = new Date("2026-10-01T00:00:00Z");
const ISSUED = new Date("2026-11-01T00:00:00Z");
const NOW = new Date("2026-11-22T00:00:00Z");

const TIMES: readonly [string, system: Date, issued: Date | undefined, used: Date, behind: boolean][] = [
  ["a right clock is used", NOW, ISSUED, NOW, false],
  ["a right clock is used by a machine that never updated", NOW, undefined, NOW, false],
  ["without a battery, the image's source date counts", T1970, undefined, IMAGE, true],
  ["without a battery, the newest trusted metadata count more", T1970, ISSUED, ISSUED, true],
  ["metadata older than the image count for nothing", T1970, new Date("2020-01-01T00:00:00Z"), IMAGE, true],
  ["a clock a little behind is behind", new Date(ISSUED.getTime() - 1000), ISSUED, ISSUED, true],
  [
    "a clock ahead cannot be told from a right one",
    new Date("2050-01-01T00:00:00Z"),
    ISSUED,
    new Date("2050-01-01T00:00:00Z"),
    false,
  ],
];

for (const [name, system, issued, used, behind] of TIMES) {
  test(name, () => {
    assert.deepEqual(toReferenceTime({ system, notBefore: IMAGE }, issued), { used, system, behind });
  });
}

test("the time in timestamp metadata is RFC 3339 with whole seconds in UTC, or there is none", () => {
  assert.deepEqual(parseIssued("2026-11-22T12:00:00Z"), new Date("2026-11-22T12:00:00Z"));
  for (const wrong of [
    "2026-11-22",
    "2026-11-22T12:00:00.5Z",
    "2026-11-22T12:00:00+01:00",
    "2026-99-22T12:00:00Z",
    "",
    7,
    null,
    undefined,
  ])
    assert.equal(parseIssued(wrong), undefined, String(wrong));
});
