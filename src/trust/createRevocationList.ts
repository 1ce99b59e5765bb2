/** Lists of revoked certificates: X.509 v2, RFC 5280, 5. Not here: delta lists, indirect lists, distribution points. */
// First: @peculiar/x509 uses decorators that need its globals.
import "reflect-metadata";
import { CRLNumber, id_ce_cRLNumber } from "@peculiar/asn1-x509";
import { AsnConvert } from "@peculiar/asn1-schema";
import * as x509 from "@peculiar/x509";

import { SIGNING_ALGORITHM, type CertificateAuthority } from "./certificates.ts";

export interface Revocation {
  /** Hex. */
  readonly serial: string;
  readonly at: Date;
}

export interface RevocationListContent {
  readonly revoked: readonly Revocation[];
  /** Of this list; each later one has a higher one. */
  readonly number: number;
  readonly now: Date;
  /** Until when nobody need ask for a newer one. */
  readonly nextUpdate: Date;
}

/** @returns PEM */
export async function createRevocationList(
  authority: CertificateAuthority,
  { revoked, number, now, nextUpdate }: RevocationListContent,
): Promise<string> {
  const list = await x509.X509CrlGenerator.create({
    issuer: authority.certificate.subjectName,
    thisUpdate: now,
    nextUpdate,
    signingAlgorithm: SIGNING_ALGORITHM,
    signingKey: authority.keys.privateKey,
    entries: revoked.map(({ serial, at }) => ({ serialNumber: serial, revocationDate: at })),
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
      new x509.Extension(id_ce_cRLNumber, false, AsnConvert.serialize(new CRLNumber(number))),
    ],
  });
  // RFC 7468 calls it "X509 CRL", and so do OpenSSL and Node.
  return `${list.toString("pem").replaceAll(/(BEGIN|END) CRL/g, "$1 X509 CRL")}\n`;
}
