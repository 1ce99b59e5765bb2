import { SocleError } from "#progress/socleError.ts";

export type ControlErrorCode =
  /** An application has said that the machine must not restart now. */
  | "restart-locked"
  /** The reset was meant for another machine. */
  | "name-differs"
  /** The level of this system has no /var that could be made anew, or none that outlasts a restart. */
  | "reset-not-possible"
  /** The definition does not let anybody restart it. */
  | "unit-not-restartable"
  /** It did not come up. */
  | "unit-restart-failed";

/** Why a machine does not do what it was asked for. */
export class ControlError extends SocleError<ControlErrorCode> {
  override readonly name = "ControlError";
}
