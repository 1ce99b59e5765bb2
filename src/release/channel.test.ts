import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { compareVersions } from "#boot/version.ts";

import { encodeChannel, isChannelName, parseChannel, type Channel } from "./channel.ts";
import { ReleaseError } from "./releaseError.ts";
import { parseSha256 } from "./sha256.ts";

const A = parseSha256("a".repeat(64));
const toRelease = (version: string) => ({ version, manifest: `stable/tiny_${version}.manifest.json` });
const EXAMPLE: Channel = {
  apiVersion: "socle/v1",
  kind: "Channel",
  name: "stable",
  id: "tiny",
  releases: [{ ...toRelease("1.10"), rootHash: A }, toRelease("1.9")],
  withdrawn: [{ version: "1.11", manifestSha256: A }],
};

test("a channel is read back as it was written, newest first whatever the order was", () => {
  assert.deepEqual(parseChannel(encodeChannel(EXAMPLE)), EXAMPLE);
  assert.deepEqual(
    parseChannel(encodeChannel({ ...EXAMPLE, releases: EXAMPLE.releases.toReversed() })),
    EXAMPLE,
  );
});

test("any versions are in the order in which systemd has them", () => {
  const version = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.~^-]{0,6}$/);
  const versions = fc.uniqueArray(version, { comparator: (a, b) => compareVersions(a, b) === 0 });
  fc.assert(
    fc.property(versions, (all) => {
      const { releases } = parseChannel(
        encodeChannel({ ...EXAMPLE, releases: all.map(toRelease), withdrawn: [] }),
      );
      assert.deepEqual(
        releases.map((release) => release.version),
        all.toSorted(compareVersions).toReversed(),
      );
    }),
  );
});

const REFUSED: readonly (readonly [name: string, value: unknown, message: RegExp])[] = [
  ["another document", { ...EXAMPLE, kind: "Lock" }, /kind/],
  ["a later form", { ...EXAMPLE, apiVersion: "socle/v2" }, /apiVersion/],
  ["an unknown key", { ...EXAMPLE, rollout: 10 }, /rollout/],
  ["a name of TUF's own", { ...EXAMPLE, name: "targets" }, /wanted the name of a channel/],
  ["oldest first", { ...EXAMPLE, releases: EXAMPLE.releases.toReversed() }, /newest first/],
  ["a version twice", { ...EXAMPLE, releases: [toRelease("1.9"), toRelease("1.9")] }, /each version once/],
  [
    "two versions that systemd takes for one",
    { ...EXAMPLE, releases: ["1.0", "1.00"].map(toRelease) },
    /each version once/,
  ],
  [
    "a manifest elsewhere",
    { ...EXAMPLE, releases: [{ ...toRelease("1.9"), manifest: "../x" }] },
    /not "stable\/tiny_1\.9/,
  ],
  [
    "a withdrawn release that is offered",
    { ...EXAMPLE, releases: [toRelease("1.11")] },
    /as have the releases/,
  ],
  [
    "a root hash that is none",
    { ...EXAMPLE, releases: [{ ...toRelease("1.9"), rootHash: "A" }] },
    /64 lower-case/,
  ],
];

for (const [name, value, message] of REFUSED) {
  test(`${name} is refused`, () => {
    assert.throws(
      () => parseChannel(JSON.stringify(value)),
      (error) =>
        error instanceof ReleaseError && error.code === "channel-malformed" && message.test(error.message),
    );
  });
}

test("what is not JSON is refused, and a wrong channel is not written", () => {
  assert.throws(() => parseChannel("<html>"), /it is not JSON/);
  assert.throws(() => encodeChannel({ ...EXAMPLE, id: "T" }), /id/);
});

test("a channel's name can stand in a URL and is no role of TUF's own", () => {
  for (const name of ["stable", "a", "edge-2026", "0"]) assert.equal(isChannelName(name), true, name);
  for (const name of [
    "",
    "Stable",
    "a.b",
    "a/b",
    "-a",
    "..",
    "a_b",
    "root",
    "targets",
    "snapshot",
    "timestamp",
    "a".repeat(64),
  ])
    assert.equal(isChannelName(name), false, name);
});
