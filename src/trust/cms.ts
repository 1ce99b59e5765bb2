import type { Attribute } from "@peculiar/asn1-cms";

import { isSignatureOf } from "./isSignatureOf.ts";
import { SignatureError } from "./signatureError.ts";
import {
  decodeSignedData,
  encodeSignedAttributes,
  encodeSignedData,
  makeSignedAttributes,
  type CmsForm,
} from "./signedData.ts";
import type { CertifiedSigner } from "./signer.ts";
import { decodeSignerCertificate } from "./signerCertificate.ts";

/** DER of a ContentInfo. One RSA key and content give the same bytes each time; ECDSA signatures are random. */
export async function signCms(
  form: CmsForm,
  content: Uint8Array,
  signer: CertifiedSigner,
): Promise<Uint8Array> {
  const certificate = decodeSignerCertificate(signer.certificate);
  if (!certificate.publicKey.equals(signer.publicKey))
    throw new SignatureError("key-unsuitable", "Cannot sign: the certificate belongs to another key");
  const attributes = form.withAttributes ? makeSignedAttributes(form, content) : undefined;
  const signed = attributes === undefined ? content : encodeSignedAttributes(attributes);
  const signature = await signer.sign(signed);
  // The signer may be any command: what it made is found wrong here rather than by a machine that does not boot.
  if (!isSignatureOf(signed, signature, certificate.publicKey))
    throw new SignatureError(
      "signature-wrong",
      "Cannot sign: what the signer made is no signature by its key",
    );
  return encodeSignedData({ form, content, certificate, attributes, signature });
}

/**
 * Throws unless `der` is, to the bit, a SignedData of this form by the key of this certificate.
 * @param certificate DER
 * @param content what should be signed; may be left out where it is attached
 * @returns what is signed
 */
export function verifyCms(
  form: CmsForm,
  der: Uint8Array,
  certificate: Uint8Array,
  content?: Uint8Array,
): Uint8Array {
  const { content: attached, attributes, signature } = decodeSignedData(form, der);
  const signed = content ?? attached;
  if (signed === undefined) return fail("malformed", "it has no content");
  if (attached !== undefined && !isSame(attached, signed)) fail("wrong", "it is over other content");
  if (attributes !== undefined) verifyAttributes(attributes, makeSignedAttributes(form, signed));
  const wanted = decodeSignerCertificate(certificate);
  const over = attributes === undefined ? signed : encodeSignedAttributes(attributes);
  if (!isSignatureOf(over, signature, wanted.publicKey))
    fail("wrong", "it is by another key or over other content");

  // What the signature does not cover has one right value each: the whole must be what encoding it again gives.
  const whole = encodeSignedData({ form, content: signed, certificate: wanted, attributes, signature });
  if (!isSame(whole, der))
    fail("malformed", "parts that the signature does not cover are not as they should be");
  return signed;
}

/** Further ones, such as a time, are signed too and mean nothing here. */
function verifyAttributes(found: readonly Attribute[], wanted: readonly Attribute[]): void {
  for (const attribute of wanted) {
    const [same, ...others] = found.filter(({ attrType }) => attrType === attribute.attrType);
    if (same === undefined || others.length > 0)
      fail("malformed", `one signed attribute ${attribute.attrType} is wanted`);
    if (!isSame(toBytes(same.attrValues), toBytes(attribute.attrValues)))
      fail("wrong", "it is over other content");
  }
}

function toBytes(values: readonly ArrayBuffer[]): Uint8Array {
  return Buffer.concat(values.map((value) => new Uint8Array(value)));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function fail(code: "malformed" | "wrong", reason: string, cause?: unknown): never {
  throw new SignatureError(`signature-${code}`, `Cannot accept the signature: ${reason}`, { cause });
}
