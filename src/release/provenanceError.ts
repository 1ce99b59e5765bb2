import { SocleError } from "#progress/socleError.ts";

/** A release's provenance that is not there, cannot be read, is by a stranger, or is that of other files. */
export class ProvenanceError extends SocleError<
  "provenance-missing" | "provenance-malformed" | "provenance-mismatch" | "provenance-untrusted"
> {
  override readonly name = "ProvenanceError";
}
