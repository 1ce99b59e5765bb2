import type { ImageKind, ImageSource } from "#boot/updateDevices.ts";
import { toUpdateRelease } from "#boot/toUpdateRelease.ts";
import type { UpdateRelease } from "#boot/updateRelease.ts";
import type { TrustedTarget } from "#trust/trustedChannel.ts";
import { UpdateError } from "#trust/updateError.ts";

import type { TrustedRelease } from "../tuf/readRelease.ts";
import type { TrustedRepository } from "../tuf/updateClient.ts";

/** A release of a repository, ready to be written: what it must be, and where its bytes come from. */
export interface UpdateOffer {
  readonly release: UpdateRelease;
  readonly source: ImageSource;
}

/** Throws where the release is not one for slots. */
export function toUpdateOffer(
  repository: Pick<TrustedRepository, "streamRange">,
  trusted: TrustedRelease,
): UpdateOffer {
  const manifest = findFile(trusted, ({ kind }) => kind === "manifest", "manifest");
  return {
    release: toUpdateRelease(trusted.manifest, manifest.sha256),
    source: createReleaseSource(repository, trusted),
  };
}

/** The images of a release as its server sends them: nobody has verified a byte of them. */
export function createReleaseSource(
  repository: Pick<TrustedRepository, "streamRange">,
  trusted: TrustedRelease,
): ImageSource {
  return {
    read: (kind, offsetBytes, sizeBytes) =>
      repository.streamRange(findImage(trusted, kind), offsetBytes, sizeBytes),
  };
}

function findImage(trusted: TrustedRelease, kind: ImageKind): TrustedTarget {
  const artifact = trusted.manifest.artifacts.find((candidate) => candidate.kind === kind);
  return findFile(trusted, ({ name }) => name === artifact?.name, kind);
}

function findFile(
  { manifest, files }: TrustedRelease,
  is: (target: TrustedTarget) => boolean,
  what: string,
): TrustedTarget {
  const found = files.find(is);
  if (found !== undefined) return found;
  throw new UpdateError("release-inconsistent", `Refused release ${manifest.version}: it has no ${what}`);
}
