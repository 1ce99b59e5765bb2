import { SocleError } from "#progress/socleError.ts";

export type UpdateStepErrorCode =
  /** The disk is not one of two slots. */
  | "no-slots"
  /** A step would break what an update must never break. Planning does not make such steps. */
  | "step-forbidden";

/** An update that cannot begin on this disk, or a step that must not be performed. */
export class UpdateStepError extends SocleError<UpdateStepErrorCode> {
  override readonly name = "UpdateStepError";
}
