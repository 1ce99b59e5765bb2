import { createHash, createPublicKey, type KeyObject } from "node:crypto";

/** What Socle can verify with. RSA from 2048 bits: what every firmware takes is 2048. */
export type PublicKeyAlgorithm = "ed25519" | "ecdsa-p256" | `rsa-${number}`;

/** The algorithm of a public key; undefined where it is none that is used here. */
export function toAlgorithm(publicKey: KeyObject): PublicKeyAlgorithm | undefined {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
  if (asymmetricKeyType === "ed25519") return "ed25519";
  if (asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === "prime256v1") return "ecdsa-p256";
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  return asymmetricKeyType === "rsa" && bits >= 2048 && bits <= 4096 ? `rsa-${bits}` : undefined;
}

/** SHA-256 of the SubjectPublicKeyInfo in DER, lower-case hex. */
export function toKeyId(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** PEM, SubjectPublicKeyInfo. */
export function encodePublicKey(publicKey: KeyObject): string {
  return publicKey.export({ type: "spki", format: "pem" }).toString();
}

/** @param pem the public key alone: a private one is refused, although its public half could be taken out of it */
export function parsePublicKey(pem: string): KeyObject {
  if (!/^-----BEGIN (RSA )?PUBLIC KEY-----$/m.test(pem)) throw new TypeError("it is not a public key in PEM");
  return createPublicKey(pem);
}
