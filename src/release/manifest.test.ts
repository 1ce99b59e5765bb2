import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS } from "#definition/levels.ts";

import { encodeManifest, parseManifest, toSourceDate } from "./manifest.ts";
import type { ReleaseManifest } from "./manifest.ts";
import { ReleaseError } from "./releaseError.ts";
import type { ReleaseErrorCode } from "./releaseError.ts";
import { parseSha256 } from "./sha256.ts";

const A = parseSha256("a".repeat(64));
const EXAMPLE: ReleaseManifest = {
  kind: "ReleaseManifest",
  apiVersion: "socle/v1",
  id: "minimal",
  version: "1.0.0",
  level: "semi",
  policies: LEVELS.semi,
  executionControl: "off",
  signing: { development: true, secureBootCertificate: A },
  suite: "trixie",
  rootHash: A,
  kernelVersion: "6.12.48+deb13-cloud-amd64",
  kernelCommandLine: `roothash=${A} panic=3`,
  sourceDate: toSourceDate(1_700_000_000),
  definitionDigest: A,
  lockDigest: A,
  artifacts: [
    { kind: "uki", name: "minimal_1.0.0.efi", sizeBytes: 20_000_000, sha256: A },
    { kind: "disk", name: "minimal_1.0.0.raw", sizeBytes: 2_147_483_648, sha256: A },
  ],
  sizes: { diskBytes: 2_147_483_648, espBytes: 1, rootSlotBytes: 2, veritySlotBytes: 3 },
};
const { rootHash: _, ...withoutRootHash } = EXAMPLE;

test("the source date is in whole seconds", () => assert.equal(EXAMPLE.sourceDate, "2023-11-14T22:13:20Z"));

test("a manifest is read back as it was written", () => {
  assert.deepEqual(parseManifest(encodeManifest(EXAMPLE)), EXAMPLE);
  const classic: ReleaseManifest = { ...withoutRootHash, level: "classic", policies: LEVELS.classic };
  assert.deepEqual(parseManifest(encodeManifest(classic)), classic);
});

test("the order of keys and artifacts makes no difference", () => {
  const shuffled = Object.fromEntries(
    Object.entries({ ...EXAMPLE, artifacts: EXAMPLE.artifacts.toReversed() }).toReversed(),
  );
  const text = encodeManifest(shuffled as unknown as ReleaseManifest); // the same entries
  assert.equal(text, encodeManifest(EXAMPLE));
  assert.match(text, /^\{\n {2}"apiVersion": "socle\/v1",\n {2}"artifacts": \[/);
  assert.ok(text.endsWith("}\n"));
});

const REFUSED: readonly [string, unknown, ReleaseErrorCode, RegExp][] = [
  ["a later form", { ...EXAMPLE, apiVersion: "socle/v2" }, "manifest-unsupported", /"socle\/v2"/],
  ["another document", { ...EXAMPLE, kind: "Lock" }, "manifest-malformed", /kind/],
  ["an unknown key", { ...EXAMPLE, builtAt: "now" }, "manifest-malformed", /builtAt/],
  [
    "a verified system without a root hash",
    withoutRootHash,
    "manifest-malformed",
    /missing, but \/usr is verified/,
  ],
  [
    "a classic system with one",
    { ...EXAMPLE, level: "classic", policies: LEVELS.classic },
    "manifest-malformed",
    /but \/usr is writable/,
  ],
  [
    "a level that is not its policies'",
    { ...EXAMPLE, level: "total" },
    "manifest-malformed",
    /those of "semi"/,
  ],
  [
    "an artifact elsewhere",
    { ...EXAMPLE, artifacts: [{ ...EXAMPLE.artifacts[0], name: "../x" }] },
    "manifest-malformed",
    /artifacts\[0\]\.name/,
  ],
  [
    "the same artifact twice",
    { ...EXAMPLE, artifacts: [EXAMPLE.artifacts[0], EXAMPLE.artifacts[0]] },
    "manifest-malformed",
    /same kind/,
  ],
  [
    "a manifest that lists itself",
    { ...EXAMPLE, artifacts: [{ ...EXAMPLE.artifacts[0], kind: "manifest" }] },
    "manifest-malformed",
    /list itself/,
  ],
  ["a short digest", { ...EXAMPLE, lockDigest: "abc" }, "manifest-malformed", /64 lower-case hex digits/],
  ["a list", [], "manifest-malformed", /expected object/],
];
for (const [what, value, code, message] of REFUSED) {
  test(`${what} is refused, by path and reason`, () =>
    assertRefused(() => parseManifest(JSON.stringify(value)), code, message));
}

test("all problems are reported at once", () => {
  const text = JSON.stringify({ ...EXAMPLE, suite: "", version: "1_0", sizes: {} });
  assertRefused(() => parseManifest(text), "manifest-malformed", /version[^]*suite[^]*veritySlotBytes/);
});

test("a text that is not JSON is refused", () =>
  assertRefused(() => parseManifest("{"), "manifest-malformed", /not JSON/));

function assertRefused(work: () => unknown, code: ReleaseErrorCode, message: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof ReleaseError);
    assert.equal(error.code, code);
    assert.match(error.message.replaceAll(/\n\s+→ at /g, " → at "), message);
    return true;
  });
}
