import { SocleError } from "#progress/socleError.ts";

export type UsageErrorCode =
  | "machine-named-twice"
  | "command-unclear"
  | "no-address"
  | "no-definition"
  | "needs-reason"
  | "needs-confirmation"
  | "needs-terminal";

/** The command line alone cannot be followed; nothing was done. Exit code 2. */
export class UsageError extends SocleError<UsageErrorCode> {
  override readonly name = "UsageError";
}
