import { SocleError } from "#progress/socleError.ts";

export type RepositoryErrorCode =
  /** There is no timestamp metadata: nothing was ever published here, or this is something else. */
  | "not-a-repository"
  /** What is there does not hold together; nothing is built on top of it. */
  | "repository-broken"
  /** Its root of trust is not that of these keys. */
  | "other-project"
  /** The key folder knows fewer versions of the root metadata than the repository. */
  | "root-older"
  /** The key folder and the repository have root metadata of one version with other content. */
  | "root-differs"
  | "root-expired"
  | "too-few-signatures"
  | "clock-behind"
  | "version-already-published"
  | "other-release-id"
  | "release-not-whole"
  | "channel-unknown"
  | "release-not-in-channel"
  | "repository-in-use";

/** A repository that cannot be changed as was asked for; it stays as it was. */
export class RepositoryError extends SocleError<RepositoryErrorCode> {
  override readonly name = "RepositoryError";
}
