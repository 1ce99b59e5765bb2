import { SocleError } from "#progress/socleError.ts";

export type SignatureErrorCode =
  | "signature-malformed"
  | "signature-wrong"
  | "signature-missing"
  | "already-signed"
  | "image-not-signable"
  | "key-unsuitable"
  | "policy-malformed";

/** A signature that cannot be made, or that does not say what it should. */
export class SignatureError extends SocleError<SignatureErrorCode> {
  override readonly name = "SignatureError";
}
