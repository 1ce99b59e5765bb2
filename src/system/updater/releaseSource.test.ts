import assert from "node:assert/strict";
import { test } from "node:test";

import type { ReleaseManifest } from "#release/manifest.ts";
import { parseSha256 } from "#release/sha256.ts";
import type { TrustedTarget } from "#trust/trustedChannel.ts";
import { UpdateError } from "#trust/updateError.ts";

import type { TrustedRelease } from "../tuf/readRelease.ts";
import { toUpdateOffer } from "./releaseSource.ts";

const SHA256 = parseSha256("a".repeat(64));
const ARTIFACTS = [
  { kind: "root", name: "minimal_1.1.0_x.root", sizeBytes: 8192, sha256: SHA256 },
  { kind: "verity", name: "minimal_1.1.0_y.verity", sizeBytes: 4096, sha256: SHA256 },
  { kind: "root-signature", name: "minimal_1.1.0_z.signature", sizeBytes: 4096, sha256: SHA256 },
  { kind: "uki", name: "minimal_1.1.0.efi", sizeBytes: 1000, sha256: SHA256 },
] as const;
const MANIFEST = { id: "minimal", version: "1.1.0", rootHash: SHA256, artifacts: ARTIFACTS };

function toTarget({ name, sizeBytes }: { name: string; sizeBytes: number }): TrustedTarget {
  return { path: `stable/${name}`, name, sizeBytes, sha256: SHA256 };
}

const MANIFEST_FILE: TrustedTarget = {
  ...toTarget({ name: "minimal_1.1.0.manifest.json", sizeBytes: 500 }),
  sha256: parseSha256("d".repeat(64)),
  kind: "manifest",
};

function makeRelease(files: readonly TrustedTarget[]): TrustedRelease {
  const manifest = MANIFEST as unknown as ReleaseManifest; // what is looked at
  return { channel: "stable", manifest, files };
}

test("each image's bytes come from the file that the manifest names", async () => {
  const asked: string[] = [];
  const repository = {
    async *streamRange({ path }: TrustedTarget, offsetBytes: number, sizeBytes: number) {
      asked.push(`${path} ${offsetBytes} ${sizeBytes}`);
      yield Buffer.alloc(sizeBytes, 1);
    },
  };
  const { release, source } = toUpdateOffer(
    repository,
    makeRelease([...ARTIFACTS.map(toTarget), MANIFEST_FILE]),
  );
  assert.equal(release.digest, "d".repeat(64));
  assert.equal(release.uki.sizeBytes, 1000);
  for (const kind of ["root", "verity", "root-signature", "uki"] as const)
    for await (const chunk of source.read(kind, 4096, 100)) assert.equal(chunk.length, 100);
  assert.deepEqual(
    asked,
    ARTIFACTS.map(({ name }) => `stable/${name} 4096 100`),
  );
});

test("a release that lacks one of its files is refused", () => {
  const repository = { streamRange: () => assert.fail("nothing is asked for") };
  const isInconsistent = (error: unknown) =>
    error instanceof UpdateError && error.code === "release-inconsistent";
  assert.throws(() => toUpdateOffer(repository, makeRelease(ARTIFACTS.map(toTarget))), isInconsistent);
  const { source } = toUpdateOffer(repository, makeRelease([MANIFEST_FILE]));
  assert.throws(() => source.read("root", 0, 1), isInconsistent);
});
