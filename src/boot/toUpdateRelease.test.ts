import assert from "node:assert/strict";
import { test } from "node:test";

import type { ReleaseManifest } from "#release/manifest.ts";
import { parseSha256 } from "#release/sha256.ts";

import { toUpdateRelease } from "./toUpdateRelease.ts";
import { UpdateStepError } from "./updateStepError.ts";
import { UpdateWriteError } from "./updateWriteError.ts";

const sha256Of = (digit: string) => parseSha256(digit.repeat(64));

const ARTIFACTS: ReleaseManifest["artifacts"] = [
  { kind: "root", name: "minimal_1.1.0_x.root", sizeBytes: 8192, sha256: sha256Of("1") },
  { kind: "verity", name: "minimal_1.1.0_y.verity", sizeBytes: 4096, sha256: sha256Of("2") },
  { kind: "root-signature", name: "minimal_1.1.0_z.signature", sizeBytes: 4096, sha256: sha256Of("3") },
  { kind: "uki", name: "minimal_1.1.0.efi", sizeBytes: 1000, sha256: sha256Of("4") },
  { kind: "sbom", name: "minimal_1.1.0.cdx.json", sizeBytes: 10, sha256: sha256Of("5") },
];

const MANIFEST = {
  id: "minimal",
  version: "1.1.0",
  level: "sealed",
  rootHash: sha256Of("a"),
  artifacts: ARTIFACTS,
} as unknown as ReleaseManifest; // what is looked at; test/build reads whole ones

test("a verified release's manifest says all that is to be put on a disk", () => {
  assert.deepEqual(toUpdateRelease(MANIFEST, "d".repeat(64)), {
    id: "minimal",
    version: "1.1.0",
    digest: "d".repeat(64),
    slot: {
      rootHash: "a".repeat(64),
      rootBytes: 8192,
      verityBytes: 4096,
      signatureBytes: 4096,
      signatureSha256: "3".repeat(64),
    },
    uki: { sizeBytes: 1000, sha256: "4".repeat(64) },
  });
});

test("a release of the level classic has nothing for a slot", () => {
  const { rootHash: _, ...classic } = MANIFEST;
  assert.throws(
    () => toUpdateRelease({ ...classic, level: "classic" }, "d".repeat(64)),
    (error) => error instanceof UpdateStepError && error.code === "no-slots",
  );
});

for (const missing of ["root", "verity", "root-signature", "uki"]) {
  test(`a manifest without ${missing} contradicts itself`, () => {
    const artifacts = ARTIFACTS.filter(({ kind }) => kind !== missing);
    assert.throws(
      () => toUpdateRelease({ ...MANIFEST, artifacts }, "d".repeat(64)),
      (error) => error instanceof UpdateWriteError && error.code === "release-inconsistent",
    );
  });
}
