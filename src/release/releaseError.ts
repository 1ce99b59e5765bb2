import { SocleError } from "#progress/socleError.ts";

export type ReleaseErrorCode =
  | "manifest-malformed"
  | "manifest-unsupported"
  | "channel-malformed"
  | "checksums-malformed"
  | "packages-malformed"
  | "contents-malformed"
  | "units-malformed";

/** A document of a release that cannot be read. */
export class ReleaseError extends SocleError<ReleaseErrorCode> {
  override readonly name = "ReleaseError";
}
