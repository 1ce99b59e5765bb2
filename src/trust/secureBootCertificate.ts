/**
 * Self-signed X.509 v3 certificates for keys of firmware and kernel (RFC 5280): RSA, SHA-256, the
 * leaf and its own anchor, as UEFI 2.10, 32.2 and the kernel's platform keyring know keys. Not here:
 * authorities, requests, revocation lists. Everything but the key follows from the arguments.
 */
import { X509Certificate } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  id_kp_codeSigning,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import type { CertifiedRole } from "./keySet.ts";
import { toKeyId } from "./publicKeys.ts";
import type { Signer } from "./signer.ts";

const ID_SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
const ID_COMMON_NAME = "2.5.4.3";
/** Firmware cannot be given new keys easily, and neither it nor the kernel looks at the dates. */
const VALID_YEARS = 20;

/** @returns PEM, signed by the key that it certifies */
export async function createSecureBootCertificate(
  signer: Signer,
  { role, commonName, notBefore }: { role: CertifiedRole; commonName: string; notBefore: Date },
): Promise<string> {
  const spki = signer.publicKey.export({ type: "spki", format: "der" });
  const keyId = Buffer.from(toKeyId(signer.publicKey), "hex");
  const name = toName(commonName);
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: ID_SHA256_WITH_RSA, parameters: null });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: toSerialNumber(keyId),
    signature: signatureAlgorithm,
    issuer: name,
    subject: name,
    validity: toValidity(notBefore),
    subjectPublicKeyInfo: AsnConvert.parse(spki, SubjectPublicKeyInfo),
    extensions: toExtensions(role, keyId),
  });
  const signature = await signer.sign(Buffer.from(AsnConvert.serialize(tbsCertificate)));
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm,
    signatureValue: toArrayBuffer(signature),
  });
  return new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))).toString();
}

/** @param pem X.509 */
export function decodeCertificate(pem: string): { publicKey: Signer["publicKey"]; der: Uint8Array } {
  const { publicKey, raw } = new X509Certificate(pem);
  return { publicKey, der: raw };
}

/** Of the key: another key never gets the number, and the same key always does. At most 20 bytes, positive. */
function toSerialNumber(keyId: Buffer): ArrayBuffer {
  const number = Buffer.from(keyId.subarray(0, 16));
  number[0] = ((number[0] ?? 0) & 0x3f) | 0x40; // neither negative nor with a zero in front, which DER forbids
  return toArrayBuffer(number);
}

function toName(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName });
  return new Name([
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type: ID_COMMON_NAME, value })]),
  ]);
}

function toValidity(notBefore: Date): Validity {
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notBefore.getUTCFullYear() + VALID_YEARS);
  return new Validity({ notBefore, notAfter });
}

function toExtensions(role: CertifiedRole, keyId: Buffer): Extensions {
  const signsCode = role === "db" || role === "extension";
  return new Extensions([
    toExtension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
    toExtension(id_ce_keyUsage, toKeyUsage(), true),
    ...(signsCode ? [toExtension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_codeSigning]), false)] : []),
    toExtension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId.subarray(0, 20)), false),
  ]);
}

function toExtension(extnID: string, value: object, critical: boolean): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function toKeyUsage(): KeyUsage {
  return new KeyUsage(KeyUsageFlags.digitalSignature);
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
