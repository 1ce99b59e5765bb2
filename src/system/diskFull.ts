import { SocleError } from "#progress/socleError.ts";

import { isNoRoom } from "./runCommand.ts";

/** Whether an error, or the end of a tool's output that it carries, tells of a disk without room. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT")) return true;
  if (error instanceof SocleError && isNoRoom(error.outputTail ?? "")) return true;
  return isDiskFull(error.cause);
}
