import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { ReleaseManifest } from "#release/manifest.ts";
import type { DsseSigner } from "#trust/dsse.ts";
import type { KeyRecord, KeySet } from "#trust/keySet.ts";
import { encodePublicKey, toKeyId } from "#trust/publicKeys.ts";

import { ensureDevelopmentKeys, openKeyFolder, openSigners } from "./keyFolder.ts";
import { makeTinyRelease } from "./tinyRelease.fixture.ts";
import { verifyReleaseProvenance } from "./verifyReleaseProvenance.ts";

const work = await mkdtemp(join(tmpdir(), "socle-vouched-"));
after(() => rm(work, { recursive: true }));
let keySet: KeySet;
let builder: DsseSigner;
let release: { folder: string; manifest: ReleaseManifest };

before(async () => {
  const folder = join(work, "keys");
  await ensureDevelopmentKeys(folder);
  const keys = await openKeyFolder(folder);
  const [signer] = await openSigners(keys, "provenance");
  assert.ok(signer);
  ({ keySet } = keys);
  builder = { keyId: toKeyId(signer.publicKey), signer };
  release = await makeTinyRelease(join(work, "1.0"), { builder });
});

/** The project's keys, with this one for provenance alone. */
function withKey(state: KeyRecord["state"]): KeySet {
  const key: KeyRecord = {
    id: builder.keyId,
    state,
    publicKey: encodePublicKey(builder.signer.publicKey),
    signer: { kind: "file", path: "gone.pem" },
  };
  return { ...keySet, roles: { ...keySet.roles, provenance: { threshold: 1, keys: [key] } } };
}

for (const state of ["active", "retired"] as const) {
  test(`a release is vouched for by a key that is ${state}`, async () => {
    const { subject } = await verifyReleaseProvenance(release, withKey(state));
    assert.equal(subject.length, release.manifest.artifacts.length + 1);
  });
}

test("a revoked key vouches for nothing", async () => {
  await assert.rejects(verifyReleaseProvenance(release, withKey("revoked")), {
    code: "provenance-untrusted",
  });
});

test("what was said of another manifest is not said of this one", async () => {
  const altered = await makeTinyRelease(join(work, "altered"), { builder });
  await appendFile(join(altered.folder, "tiny_1.0.manifest.json"), "\n");
  await assert.rejects(verifyReleaseProvenance(altered, keySet), { code: "provenance-mismatch" });
});
