import type { KeyObject } from "node:crypto";

/**
 * Makes signatures with a private key that only it can reach: in a file, or behind a command that
 * speaks to a token (PKCS #11) or a key service. Nobody else ever holds the key.
 */
export interface Signer {
  readonly publicKey: KeyObject;
  /**
   * Signs the data itself, not a digest of it. Ed25519 (RFC 8032): 64 bytes. RSA: PKCS #1 v1.5 with
   * SHA-256 (RFC 8017, 8.2), so that the same input gives the same bytes. ECDSA P-256: SHA-256, DER.
   */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** A signer whose public key is in an X.509 certificate: what firmware and kernel know keys by. */
export interface CertifiedSigner extends Signer {
  /** DER. */
  readonly certificate: Uint8Array;
}
