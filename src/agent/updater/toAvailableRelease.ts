import type { MessageInitShape } from "@bufbuild/protobuf";

import type { AvailableReleaseSchema } from "#protocol/gen/socle/v1/update_pb.ts";
import type { ReleaseManifest } from "#release/manifest.ts";
import type { ArtifactKind } from "#release/releaseNames.ts";

/** What an update fetches. */
const UPDATE_KINDS: readonly ArtifactKind[] = ["root", "verity", "root-signature", "uki"];

export function toAvailableRelease({
  id,
  version,
  rootHash,
  artifacts,
}: ReleaseManifest): MessageInitShape<typeof AvailableReleaseSchema> {
  const sizeBytes = artifacts
    .filter(({ kind }) => UPDATE_KINDS.includes(kind))
    .reduce((sum, artifact) => sum + artifact.sizeBytes, 0);
  return { id, version, rootHash: rootHash ?? "", sizeBytes: BigInt(sizeBytes) };
}
