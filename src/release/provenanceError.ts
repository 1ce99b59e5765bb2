import { SocleError } from "#progress/socleError.ts";

/** A release's provenance that cannot be read, or that is that of other files. */
export class ProvenanceError extends SocleError<"provenance-malformed" | "provenance-mismatch"> {
  override readonly name = "ProvenanceError";
}
