import type { CertifiedSigner, Signer } from "#trust/signer.ts";

/** With which keys a release is signed, and what its machines will trust. */
export interface BuildSigning {
  /** The keys were made by themselves to try things out; the release says so. */
  readonly development: boolean;
  /** For what firmware and kernel check: boot loader, kernel image, root hash, execution policy. */
  readonly db: CertifiedSigner;
  readonly provenance: { readonly keyId: string; readonly signer: Signer };
  /** Text of the TUF root metadata that a machine begins to trust with. */
  readonly trustedRoot: string;
  /** Certificates of system extensions that a machine accepts, PEM. */
  readonly extensionCertificates: readonly string[];
}
