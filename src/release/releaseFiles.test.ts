import assert from "node:assert/strict";
import { test } from "node:test";

import { findArtifactKind } from "./releaseFiles.ts";
import { ARTIFACTS, toArtifactName, type ArtifactKind, type PartitionKind } from "./releaseNames.ts";

const UUID = "0d7a94a2-76bd-192e-d95a-9dafc2ffa0e7";
const RELEASE = { id: "tiny", version: "1.0" };

test("every file of a release is recognised by its name", () => {
  for (const kind of Object.keys(ARTIFACTS) as ArtifactKind[]) {
    // A name with a partition's UUID where the pattern wants one.
    const name = toArtifactName(kind as PartitionKind, RELEASE, UUID);
    assert.equal(findArtifactKind(name, RELEASE), kind, name);
  }
});

for (const name of [
  "tiny_1.efi",
  "tiny_1.0.1.efi",
  "tiny_1.00.efi",
  "other_1.0.efi",
  "tiny_1.0.efi.old",
  "xtiny_1.0.efi",
  "tiny_1.0_.root",
  `tiny_1.0_${UUID}.rootx`,
  `tiny_1.0_${UUID}0.root`,
  `tiny_1.0.1_${UUID}.root`,
  "SHA256SUMS",
  "",
]) {
  test(`"${name}" is no file of tiny 1.0`, () => assert.equal(findArtifactKind(name, RELEASE), undefined));
}
