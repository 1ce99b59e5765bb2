import { SocleError } from "#progress/socleError.ts";

/** The Debian archive, or a mirror of it, does not have or does not give what is asked for. */
export class ArchiveError extends SocleError<
  "no-mirror" | "mirror-failed" | "suite-unknown" | "package-unknown" | "package-gone" | "wrong-hash"
> {
  override readonly name = "ArchiveError";
}
