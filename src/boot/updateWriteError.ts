import { SocleError } from "#progress/socleError.ts";

export type UpdateWriteErrorCode =
  | "image-tampered"
  | "download-truncated"
  | "endless-data"
  | "slot-too-small"
  | "slot-damaged"
  | "release-inconsistent";

/** Why a release is not, or not yet, in its slot. The slot is then unfinished, never wrong and named. */
export class UpdateWriteError extends SocleError<UpdateWriteErrorCode> {
  override readonly name = "UpdateWriteError";
}
