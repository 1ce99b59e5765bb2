import { SocleError } from "#progress/socleError.ts";

/** Each names an attack of the TUF specification (1.0, section 1.5.2) or a fault. docs/trust.md says how each is noticed. */
export type UpdateErrorCode =
  // What a stranger, or a repository that is not as it should be, may have served.
  | "arbitrary-software"
  | "wrong-role"
  | "rollback-attack"
  | "freeze-attack"
  | "mix-and-match"
  | "endless-data"
  | "root-expired"
  | "key-rotation-broken"
  | "target-tampered"
  | "other-project"
  | "metadata-malformed"
  | "release-inconsistent"
  | "trusted-root-malformed"
  // The way to the repository.
  | "server-unreachable"
  | "server-error"
  | "server-too-slow"
  | "download-truncated"
  // What was asked for, and where it is kept.
  | "channel-unknown"
  | "version-unknown"
  | "update-state-failed";

/** A release that cannot be fetched, or may not be trusted. */
export class UpdateError extends SocleError<UpdateErrorCode> {
  override readonly name = "UpdateError";
}
