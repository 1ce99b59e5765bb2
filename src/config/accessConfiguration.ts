/** Who may call the machine. */
export interface AccessConfiguration {
  /** Authorities whose client certificates count. */
  readonly authorities: readonly CertificatePem[];
  /** Lists of certificates that count no more. */
  readonly revocations?: RevocationPem;
}

/** One X.509 certificate of an authority, in PEM as OpenSSL writes it, with a line break at the end. */
export type CertificatePem = string & { readonly __brand: "CertificatePem" };
/** One certificate revocation list or more, in PEM. */
export type RevocationPem = string & { readonly __brand: "RevocationPem" };
