/**
 * Cryptographic Message Syntax: SignedData with one signer (RFC 5652, 5), in the form that OpenSSL
 * writes as PKCS #7, for RSA to the byte. SHA-256 with RSA (PKCS #1 v1.5) or ECDSA P-256; version 1;
 * the signer is named by issuer and serial number. Not here: chains, several signers, unsigned
 * attributes, revocation lists, times.
 */
import { createHash } from "node:crypto";
import {
  Attribute,
  CertificateChoices,
  CertificateSet,
  ContentInfo,
  DigestAlgorithmIdentifier,
  DigestAlgorithmIdentifiers,
  EncapsulatedContent,
  EncapsulatedContentInfo,
  IssuerAndSerialNumber,
  SignedData,
  SignerIdentifier,
  SignerInfo,
  SignerInfos,
} from "@peculiar/asn1-cms";
import {
  AsnArray,
  AsnConvert,
  AsnObjectIdentifierConverter,
  AsnType,
  AsnTypeTypes,
  OctetString,
} from "@peculiar/asn1-schema";

import { SignatureError } from "./signatureError.ts";
import type { SignerCertificate } from "./signerCertificate.ts";

/** What of a SignedData is left to choose. */
export interface CmsForm {
  /** Object identifier. Of `ID_DATA` the content is any bytes; of every other it is a SEQUENCE in DER. */
  readonly contentType: string;
  /** Whether the content travels inside. */
  readonly attached: boolean;
  /** Whether the signer's certificate travels inside. */
  readonly withCertificate: boolean;
  /** Whether attributes are signed that hold the content's type and hash, or the content itself. */
  readonly withAttributes: boolean;
}

export const ID_DATA = "1.2.840.113549.1.7.1";
const ID_SIGNED_DATA = "1.2.840.113549.1.7.2";
const ID_CONTENT_TYPE = "1.2.840.113549.1.9.3";
const ID_MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const ID_SHA256 = "2.16.840.1.101.3.4.2.1";

export interface SignedParts {
  readonly form: CmsForm;
  readonly content: Uint8Array;
  readonly certificate: SignerCertificate;
  /** Undefined where the signature is over the content itself. */
  readonly attributes: Attribute[] | undefined;
  readonly signature: Uint8Array;
}

/** DER of a ContentInfo. */
export function encodeSignedData({
  form,
  content,
  certificate,
  attributes,
  signature,
}: SignedParts): Uint8Array {
  const signer = new SignerInfo({
    version: 1,
    sid: toIdentifier(certificate),
    digestAlgorithm: makeSha256(),
    ...(attributes && { signedAttrs: attributes }),
    signatureAlgorithm: certificate.signatureAlgorithm,
    signature: new OctetString(signature),
  });
  const data = new SignedData({
    version: 1,
    digestAlgorithms: new DigestAlgorithmIdentifiers([makeSha256()]),
    encapContentInfo: new EncapsulatedContentInfo({
      eContentType: form.contentType,
      ...(form.attached && { eContent: toEncapsulated(form, content) }),
    }),
    ...(form.withCertificate && { certificates: toCertificateSet(certificate) }),
    signerInfos: new SignerInfos([signer]),
  });
  return serialize(new ContentInfo({ contentType: ID_SIGNED_DATA, content: AsnConvert.serialize(data) }));
}

/** Of a message by anyone; nothing is verified. */
export type FoundParts = Pick<SignedParts, "attributes" | "signature"> & {
  /** Undefined where it is detached. */
  readonly content: Uint8Array | undefined;
};

/** Only what an encoding cannot be made without: whatever else the message says has to be found out by encoding again. */
export function decodeSignedData(form: CmsForm, der: Uint8Array): FoundParts {
  try {
    const data = AsnConvert.parse(AsnConvert.parse(der, ContentInfo).content, SignedData);
    const { eContent } = data.encapContentInfo;
    const content = form.contentType === ID_DATA ? eContent?.single?.buffer : eContent?.any;
    const [{ signedAttrs = [], signature } = new SignerInfo()] = data.signerInfos;
    return {
      content: content && new Uint8Array(content),
      attributes: form.withAttributes ? signedAttrs : undefined,
      signature: new Uint8Array(signature.buffer),
    };
  } catch (cause) {
    return fail("it is not a CMS SignedData", cause);
  }
}

/** What must be signed of the content in its stead: RFC 5652, 11.1 and 11.2. In the order of DER: the shorter encoding first. */
export function makeSignedAttributes(form: CmsForm, content: Uint8Array): Attribute[] {
  // PKCS #7 hashes of a SEQUENCE the contents octets only, and Authenticode kept to that.
  const hashed = form.contentType === ID_DATA ? content : content.subarray(measureDerHeader(content));
  const hash = new OctetString(createHash("sha256").update(hashed).digest());
  const contentType = AsnObjectIdentifierConverter.toASN(form.contentType).toBER();
  return [
    new Attribute({ attrType: ID_CONTENT_TYPE, attrValues: [contentType] }),
    new Attribute({ attrType: ID_MESSAGE_DIGEST, attrValues: [AsnConvert.serialize(hash)] }),
  ];
}

/** RFC 5652, 5.4: signed as a SET, although the message has them under a tag of their own. */
class SignedAttributes extends AsnArray<Attribute> {}
AsnType({ type: AsnTypeTypes.Set, itemType: Attribute })(SignedAttributes);

export function encodeSignedAttributes(attributes: Attribute[]): Uint8Array {
  try {
    return serialize(new SignedAttributes(attributes));
  } catch (cause) {
    return fail("it has signed attributes that no encoding gives", cause); // parsing is looser than writing
  }
}

function toEncapsulated(form: CmsForm, content: Uint8Array): EncapsulatedContent {
  return new EncapsulatedContent(
    form.contentType === ID_DATA ? { single: new OctetString(content) } : { any: toArrayBuffer(content) },
  );
}

function toIdentifier({ certificate: { tbsCertificate } }: SignerCertificate): SignerIdentifier {
  const { issuer, serialNumber } = tbsCertificate;
  return new SignerIdentifier({ issuerAndSerialNumber: new IssuerAndSerialNumber({ issuer, serialNumber }) });
}

function toCertificateSet({ certificate }: SignerCertificate): CertificateSet {
  return new CertificateSet([new CertificateChoices({ certificate })]);
}

function makeSha256(): DigestAlgorithmIdentifier {
  return new DigestAlgorithmIdentifier({ algorithm: ID_SHA256, parameters: null });
}

function measureDerHeader(der: Uint8Array): number {
  const first = der[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function serialize(value: unknown): Uint8Array {
  return new Uint8Array(AsnConvert.serialize(value));
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function fail(reason: string, cause?: unknown): never {
  throw new SignatureError("signature-malformed", `Cannot accept the signature: ${reason}`, { cause });
}
