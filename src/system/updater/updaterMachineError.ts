import { SocleError } from "#progress/socleError.ts";

export type UpdaterMachineErrorCode =
  /** The root is on no partition of a disk, so there is nothing to update. */
  | "disk-not-found"
  /** The folder of the kernel images is not there: the ESP is not mounted. */
  | "boot-folder-missing"
  | "boot-folder-read-only"
  | "boot-folder-full"
  /** It is not known which system this boot runs. */
  | "running-unknown"
  /** The boot loader cannot be told what to start next. */
  | "loader-refuses";

/** What the machine does not let an update do; nothing of what was asked for has happened. */
export class UpdaterMachineError extends SocleError<UpdaterMachineErrorCode> {
  override readonly name = "UpdaterMachineError";
}
