import { SocleError } from "#progress/socleError.ts";

export type KeyErrorCode =
  | "key-file-exposed"
  | "key-malformed"
  | "key-missing"
  | "key-unknown"
  | "keys-exist"
  | "keys-malformed"
  | "keys-missing"
  | "last-key"
  | "passphrase-needed"
  | "passphrase-wrong"
  | "root-metadata-malformed"
  | "signer-failed"
  | "signer-unclear"
  | "signer-wrong-key";

/** Keys that cannot be made, read or used. Nothing of a private key or a passphrase is ever in it, nor in its cause. */
export class KeyError extends SocleError<KeyErrorCode> {
  override readonly name = "KeyError";
}
