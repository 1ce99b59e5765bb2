import { verify, type KeyObject } from "node:crypto";

/** Whether `signature` is one that a `Signer` with this public key makes over `data`; a malformed one is none. */
export function isSignatureOf(data: Uint8Array, signature: Uint8Array, publicKey: KeyObject): boolean {
  // Ed25519 knows its own hash and refuses to be given one.
  const hash = publicKey.asymmetricKeyType === "ed25519" ? null : "sha256";
  return verify(hash, data, publicKey, signature);
}
