import { join } from "node:path";

import type { ReleaseManifest } from "#release/manifest.ts";
import { ProvenanceError } from "#release/provenanceError.ts";
import { toArtifactName } from "#release/releaseNames.ts";
import { verifyProvenance, type Provenance } from "#release/verifyProvenance.ts";
import type { KeySet } from "#trust/keySet.ts";
import { parsePublicKey } from "#trust/publicKeys.ts";
import { SignatureError } from "#trust/signatureError.ts";

import { hashFile, readIfPresent } from "./files.ts";

/**
 * Throws unless one of the project's provenance keys, one that is retired too, vouches for how a release was built: for its
 * manifest as it lies there, and for every file with the digest that the manifest gives it. The files are not read.
 */
export async function verifyReleaseProvenance(
  { folder, manifest }: { readonly folder: string; readonly manifest: ReleaseManifest },
  keySet: KeySet,
): Promise<Provenance> {
  const what = `${manifest.id} ${manifest.version}`;
  const manifestName = toArtifactName("manifest", manifest);
  const envelope = await readIfPresent(join(folder, toArtifactName("provenance", manifest)));
  if (envelope === undefined)
    throw new ProvenanceError("provenance-missing", `Nothing says how ${what} was built`, {
      hint: "Build it again: socle build",
    });
  const trusted = keySet.roles.provenance.keys
    .filter(({ state }) => state !== "revoked")
    .map(({ id, publicKey }) => ({ keyId: id, publicKey: parsePublicKey(publicKey) }));
  const files = [
    ...manifest.artifacts,
    { name: manifestName, sha256: await hashFile(join(folder, manifestName)) },
  ];
  try {
    return verifyProvenance(envelope, trusted, files);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new ProvenanceError(
      "provenance-untrusted",
      `No provenance key of this project vouches for how ${what} was built`,
      { hint: "Publish with the keys that it was built with (--keys), or build it again with these.", cause },
    );
  }
}
