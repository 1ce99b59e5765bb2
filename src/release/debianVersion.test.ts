import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import fc from "fast-check";

import { compareDebianVersions } from "./debianVersion.ts";

/** From Debian's own history and the corners of deb-version(7). */
const ORDERED: readonly (readonly [lesser: string, greater: string])[] = [
  ["1.0", "1.1"],
  ["1.9", "1.10"],
  ["9", "1:0"],
  ["1.0~rc1-1", "1.0-1"],
  ["1.0~~", "1.0~"],
  ["1.0~", "1.0"],
  ["1.0", "1.0a"],
  ["1.0a", "1.0+"],
  ["1.0-1", "1.0-1+b1"],
  ["1.0-1~deb13u1", "1.0-1"],
  ["3.0.21-1~deb13u1", "3.0.22-1~deb13u2"],
  ["2.9.14+dfsg-1.3~deb13u4", "2.9.14+dfsg-1.3~deb13u5"],
  ["1.0-1-1", "1.0-1-2"],
  ["6.12.117-1", "6.12.118-1"],
  ["0.0.1", "0.0.1.0"],
  ["1A", "1a"],
  ["1:1.0", "2:0.1"],
  ["9007199254740993", "9007199254740994"],
];

const EQUAL: readonly (readonly [string, string])[] = [
  ["1.0", "1.0"],
  ["0:1.0", "1.0"],
  ["1.0-0", "1.0"],
  ["1.00", "1.0"],
  ["1.010", "1.10"],
  ["1.0-1", "1.0-01"],
];

const SIGNS = "0123456789abzAZ.+~";
const part = fc.string({ unit: fc.constantFrom(...SIGNS.split("")), maxLength: 8 }).map((text) => `1${text}`);
const version = fc
  .tuple(fc.option(fc.nat(3), { nil: undefined }), part, fc.option(part, { nil: undefined }))
  .map(([epoch, upstream, revision]) => {
    return `${epoch === undefined ? "" : `${epoch}:`}${upstream}${revision === undefined ? "" : `-${revision}`}`;
  });

test("versions are ordered as deb-version(7) says", () => {
  for (const [lesser, greater] of ORDERED) {
    assert.equal(compareDebianVersions(lesser, greater), -1, `${lesser} < ${greater}`);
    assert.equal(compareDebianVersions(greater, lesser), 1, `${greater} > ${lesser}`);
  }
  for (const [a, b] of EQUAL) assert.equal(compareDebianVersions(a, b), 0, `${a} = ${b}`);
});

test("the order is one: nothing comes before itself, and what precedes two in a row precedes the second", () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(compareDebianVersions(a, a), 0);
      assert.equal(compareDebianVersions(a, b), -compareDebianVersions(b, a) || 0);
      const [least, middle, most] = [a, b, c].toSorted(compareDebianVersions) as [string, string, string];
      assert.ok(compareDebianVersions(least, middle) <= 0 && compareDebianVersions(middle, most) <= 0);
      assert.ok(compareDebianVersions(least, most) <= 0);
    }),
  );
});

/** One shell for all questions: a process each would take seconds. */
function askDpkg(pairs: readonly (readonly [string, string])[]): string[] {
  const script = `while read -r a b; do
    if dpkg --compare-versions "$a" lt "$b"; then echo -1
    elif dpkg --compare-versions "$a" eq "$b"; then echo 0
    else echo 1; fi
  done`;
  const input = pairs.map(([a, b]) => `${a} ${b}\n`).join("");
  return execFileSync("sh", ["-c", script], { input, encoding: "utf8" }).trimEnd().split("\n");
}

function hasDpkg(): boolean {
  try {
    execFileSync("dpkg", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("dpkg says the same", { skip: hasDpkg() ? false : "this host has no dpkg" }, () => {
  const pairs = [...ORDERED, ...EQUAL, ...fc.sample(fc.tuple(version, version), 150)];
  assert.deepEqual(
    pairs.map(([a, b]) => `${a} ${b} ${compareDebianVersions(a, b)}`),
    askDpkg(pairs).map((order, index) => `${pairs[index]?.join(" ")} ${order}`),
  );
});
