import { X509Certificate } from "node:crypto";

import { toSerialNumber } from "#trust/serialNumber.ts";

/** What a machine reads from one's certificate. */
export interface ClientCertificate {
  readonly name: string;
  readonly role: string;
  readonly serial: string;
  readonly expires: Date;
  /** The name of the authority that signed it. */
  readonly issuer: string;
}

export function readClientCertificate(pem: string): ClientCertificate {
  const certificate = new X509Certificate(pem);
  const { subject } = certificate.toLegacyObject();
  return {
    name: String(subject.CN ?? ""),
    role: String(subject.O ?? ""),
    serial: toSerialNumber(certificate.serialNumber),
    expires: certificate.validToDate,
    issuer: certificate.issuer,
  };
}
