import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { compareVersions, isSysupdateSafeVersion } from "./version.ts";

/** Oldest first. */
const CHAIN = [
  "122.1",
  "123~rc1-1",
  "123",
  "123-a",
  "123-a.1",
  "123-1",
  "123-1.1",
  "123^post1",
  "123.a-1",
  "123.1-1",
  "123a-1",
  "124-1",
];

test("the chain of the specification is in order, in both directions", () => {
  for (const [i, a] of CHAIN.entries()) {
    for (const [j, b] of CHAIN.entries()) {
      assert.equal(compareVersions(a, b), Math.sign(i - j), `"${a}" and "${b}"`);
    }
  }
});

const EXAMPLES: readonly [string, "<" | "=" | ">", string][] = [
  ["11", "=", "11"],
  ["systemd-123", "=", "systemd-123"],
  ["bar-123", "<", "foo-123"],
  ["123a", ">", "123"],
  ["123.a", ">", "123"],
  ["123.a", "<", "123.b"],
  ["123a", ">", "123.a"],
  ["11α", "=", "11β"],
  ["A", "<", "a"],
  ["", "<", "0"],
  ["0.", ">", "0"],
  ["0.0", ">", "0"],
  ["1_", "=", "1"],
  ["_1", "=", "1"],
  ["1_", "<", "1.2"],
  ["1_2_3", ">", "1.3.3"],
  ["1+", "=", "1"],
  ["1+2+3", ">", "1.3.3"],
  ["1.10.0", ">", "1.9.9"],
  ["2026.11.3", "<", "2026.11.10"],
  ["1.0.0", "=", "1.00.0"],
  ["99999999999999999999999", "<", "100000000000000000000000"],
  ["0", ">", "~"],
  ["abc", "<", "abcde"],
];
for (const [a, sign, b] of EXAMPLES) {
  test(`"${a}" ${sign} "${b}"`, () => {
    const wanted = { "<": -1, "=": 0, ">": 1 }[sign];
    assert.equal(compareVersions(a, b), wanted);
    assert.equal(compareVersions(b, a), wanted === 0 ? 0 : -wanted);
  });
}

/** Few characters, so that equal beginnings and near misses are common. */
const anyVersion = fc.string({ unit: fc.constantFrom(..."01a~^.-_".split("")), maxLength: 7 });

test("it is a total order: reflexive, antisymmetric, transitive", () => {
  fc.assert(
    fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
      assert.equal(compareVersions(a, a), 0);
      assert.equal(compareVersions(a, b) + compareVersions(b, a), 0);
      const [low, middle, high] = [a, b, c].toSorted(compareVersions) as [string, string, string];
      assert.ok(compareVersions(low, middle) <= 0);
      assert.ok(compareVersions(middle, high) <= 0);
      assert.ok(compareVersions(low, high) <= 0, `"${low}", "${middle}", "${high}"`);
    }),
    { numRuns: 3000 },
  );
});

// Not so directly behind a "~", where systemd looks for the end before it skips separators.
test("a separator behind a number makes no difference to any other version", () => {
  fc.assert(
    fc.property(anyVersion, anyVersion, (a, b) => {
      assert.equal(compareVersions(`${a}0_`, b), compareVersions(`${a}0`, b));
    }),
  );
});

for (const [version, isSafe] of [
  ["1.0.0", true],
  ["2026.11.3", true],
  ["1.0-rc1", true],
  ["1.0~rc1", false],
  ["1.0^post1", false],
  ["1.0_1", false],
  ["1.0+3", false],
  ["-1", false],
  [".1", false],
  ["", false],
  ["1.0\n", false],
] as const) {
  test(`systemd-sysupdate ${isSafe ? "offers" : "may ignore or misread"} version ${JSON.stringify(version)}`, () => {
    assert.equal(isSysupdateSafeVersion(version), isSafe);
  });
}
