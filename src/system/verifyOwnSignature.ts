import type { KeyObject } from "node:crypto";
import { isSignatureOf } from "#trust/isSignatureOf.ts";
import { KeyError } from "#trust/keyError.ts";

/** A signature that does not verify is never handed out: a fault while signing can even betray an RSA key. */
export function verifyOwnSignature(
  data: Uint8Array,
  signature: Uint8Array,
  publicKey: KeyObject,
  title: string,
): Uint8Array {
  if (isSignatureOf(data, signature, publicKey)) return signature;
  throw new KeyError(
    "signer-wrong-key",
    `Cannot use the signature of ${title}: it is not one by the recorded key`,
    {
      hint: "It signed with another key, with another scheme, or not the data itself; docs/keys.md says what is wanted",
    },
  );
}
