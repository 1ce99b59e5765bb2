import { SocleError } from "#progress/socleError.ts";

export type AccessErrorCode =
  | "access-exists"
  | "access-malformed"
  | "access-missing"
  | "already-granted"
  | "authorities-malformed"
  | "fingerprint-malformed"
  | "lifetime-too-long"
  | "not-granted"
  | "revocations-malformed"
  | "rotation-unclear";

/** Who may call machines cannot be read, changed or told. Nothing of a private key is ever in it. */
export class AccessError extends SocleError<AccessErrorCode> {
  override readonly name = "AccessError";
}
