import { SocleError } from "#progress/socleError.ts";

export type CompareErrorCode = "not-comparable" | "release-altered";

/** One side of a comparison that cannot be had. */
export class CompareError extends SocleError<CompareErrorCode> {
  override readonly name = "CompareError";
}
