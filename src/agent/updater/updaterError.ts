import { SocleError } from "#progress/socleError.ts";

export type UpdaterErrorCode =
  /** One operation at a time. */
  | "update-running"
  /** Neither the call nor the configuration names a repository. */
  | "no-repository"
  /** The channel is there, and empty. */
  | "no-release-in-channel"
  /** What went wrong is no business of a stranger; the machine's log has it. */
  | "update-failed";

/** Why the updater does not do what it was asked for. */
export class UpdaterError extends SocleError<UpdaterErrorCode> {
  override readonly name = "UpdaterError";
}
