/**
 * Reads lists of revoked certificates: X.509 v2, RFC 5280, 5, one or more in PEM. Not here: delta lists, indirect
 * lists and lists for some certificates only, which say that they are (5.2.4, 5.2.5) and are refused.
 */
import { verify, type KeyObject, type X509Certificate } from "node:crypto";

import { AsnConvert } from "@peculiar/asn1-schema";
import { CertificateList, id_ce_cRLNumber, type Extension } from "@peculiar/asn1-x509";

import { AccessError } from "./accessError.ts";
import { toSerialNumber } from "./serialNumber.ts";

export interface RevocationList {
  readonly authority: X509Certificate;
  /** As `toSerialNumber` writes them. */
  readonly serials: readonly string[];
  /** Rises from list to list; undefined when it does not say. */
  readonly number: bigint | undefined;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}

const HASHES: Readonly<Record<string, string | null>> = {
  "1.2.840.10045.4.3.2": "sha256", // ECDSA
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.113549.1.1.11": "sha256", // RSA, PKCS #1 v1.5
  "1.3.101.112": null, // Ed25519
};

/** @returns the lists, each verified against the authority that signed it; throws with every problem */
export function parseRevocationLists(pem: string, authorities: readonly X509Certificate[]): RevocationList[] {
  const blocks = [
    ...pem.matchAll(/-----BEGIN (?:X509 )?CRL-----([A-Za-z0-9+/=\s]+)-----END (?:X509 )?CRL-----/g),
  ];
  const problems: string[] = [];
  if (blocks.length === 0 && pem.trim() !== "") problems.push("there is no list in it: wanted PEM, X509 CRL");
  const lists = blocks.flatMap(([, base64 = ""], index) => {
    const list = parseList(Buffer.from(base64, "base64"), authorities);
    if (typeof list !== "string") return [list];
    problems.push(`list ${index + 1} ${list}`);
    return [];
  });
  if (problems.length === 0) return lists;
  throw new AccessError(
    "revocations-malformed",
    ["Cannot tell which certificates are revoked:", ...problems].join("\n  "),
    { hint: "socle access show prints authorities and revocations that belong together." },
  );
}

/** The list, or what is wrong with it. */
function parseList(der: Buffer, authorities: readonly X509Certificate[]): RevocationList | string {
  let list: CertificateList;
  try {
    list = AsnConvert.parse(der, CertificateList);
  } catch {
    return "is not a list of revoked certificates";
  }
  const { tbsCertList, tbsCertListRaw, signatureAlgorithm, signature } = list;
  const hash = HASHES[signatureAlgorithm.algorithm];
  if (
    hash === undefined ||
    tbsCertListRaw === undefined ||
    tbsCertList.signature.algorithm !== signatureAlgorithm.algorithm
  )
    return `is signed in a way that is not known: ${signatureAlgorithm.algorithm}`;
  const signed = Buffer.from(tbsCertListRaw);
  const authority = authorities.find(({ publicKey }) =>
    isSigned(signed, Buffer.from(signature), hash, publicKey),
  );
  if (authority === undefined) return "is signed by none of the authorities";
  // Of these a reader must know what they mean, or not use the list (RFC 5280, 5.2).
  const revoked = tbsCertList.revokedCertificates ?? [];
  const extensions = [
    ...(tbsCertList.crlExtensions ?? []),
    ...revoked.flatMap(({ crlEntryExtensions }) => crlEntryExtensions ?? []),
  ];
  const unknown = extensions.find(({ critical }) => critical);
  if (unknown !== undefined) return `has a critical extension that is not known: ${unknown.extnID}`;
  return {
    authority,
    serials: revoked.map(({ userCertificate }) =>
      toSerialNumber(Buffer.from(userCertificate).toString("hex")),
    ),
    number: findNumber(tbsCertList.crlExtensions ?? []),
    thisUpdate: tbsCertList.thisUpdate.getTime(),
    nextUpdate: tbsCertList.nextUpdate?.getTime(),
  };
}

/** RFC 5280, 5.2.3: a positive INTEGER in DER, of at most 20 octets. */
function findNumber(extensions: readonly Extension[]): bigint | undefined {
  const extension = extensions.find(({ extnID }) => extnID === id_ce_cRLNumber);
  if (extension === undefined) return undefined;
  const [tag, length, ...octets] = Buffer.from(extension.extnValue.buffer);
  if (tag !== 0x02 || length !== octets.length || length === 0 || length > 20) return undefined;
  return BigInt(`0x${Buffer.from(octets).toString("hex")}`);
}

function isSigned(data: Buffer, signature: Buffer, hash: string | null, key: KeyObject): boolean {
  try {
    return verify(hash, data, key, signature);
  } catch {
    return false; // a key of another kind
  }
}
