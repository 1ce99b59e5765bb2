import type { ReleaseArtifact, ReleaseManifest } from "#release/manifest.ts";

import type { ImageKind } from "./updateDevices.ts";
import type { UpdateRelease } from "./updateRelease.ts";
import { UpdateStepError } from "./updateStepError.ts";
import { UpdateWriteError } from "./updateWriteError.ts";

/**
 * What putting a release on a disk needs of its manifest, which must have been verified.
 * @param manifestDigest SHA-256 of the manifest's file
 */
export function toUpdateRelease(manifest: ReleaseManifest, manifestDigest: string): UpdateRelease {
  const { id, version, rootHash, level } = manifest;
  if (rootHash === undefined)
    throw new UpdateStepError(
      "no-slots",
      `Cannot update to ${version}: it is of the level "${level}", whose root is no image for a slot`,
      { hint: "Only a release of a verified level can be put beside the running system." },
    );
  const [root, verity] = [findArtifact(manifest, "root"), findArtifact(manifest, "verity")];
  const [signature, uki] = [findArtifact(manifest, "root-signature"), findArtifact(manifest, "uki")];
  return {
    id,
    version,
    digest: manifestDigest,
    slot: {
      rootHash,
      rootBytes: root.sizeBytes,
      verityBytes: verity.sizeBytes,
      signatureBytes: signature.sizeBytes,
      signatureSha256: signature.sha256,
    },
    uki: { sizeBytes: uki.sizeBytes, sha256: uki.sha256 },
  };
}

function findArtifact({ version, artifacts }: ReleaseManifest, kind: ImageKind): ReleaseArtifact {
  const found = artifacts.find((artifact) => artifact.kind === kind);
  if (found !== undefined) return found;
  throw new UpdateWriteError(
    "release-inconsistent",
    `Cannot update to ${version}: its manifest has no artifact of the kind "${kind}"`,
  );
}
