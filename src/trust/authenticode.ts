/**
 * Signatures of PE32+ images for UEFI Secure Boot ("Windows Authenticode Portable Executable Signature
 * Format", 2008; UEFI 2.10, 32.2.4): SHA-256, one signature, without a time, so that one image and one
 * RSA key give one file. Not here: time stamps, page hashes, further signatures on a signed image.
 */
import { createHash } from "node:crypto";

import { signCms, verifyCms } from "./cms.ts";
import { CERTIFICATE_ALIGNMENT_BYTES, readPeLayout, type PeLayout } from "./peLayout.ts";
import { SignatureError } from "./signatureError.ts";
import type { CmsForm } from "./signedData.ts";
import type { CertifiedSigner } from "./signer.ts";

const FORM: CmsForm = {
  contentType: "1.3.6.1.4.1.311.2.1.4", // SPC_INDIRECT_DATA_OBJID
  attached: true,
  withCertificate: true,
  withAttributes: true,
};

// SpcIndirectDataContent up to the digest: SpcPeImageData without flags, with the file name "<<<Obsolete>>>" that
// the specification demands, then SHA-256 and the header of an OCTET STRING of 32 bytes.
const INDIRECT_DATA_START = Buffer.from(
  "30683033060a2b06010401823702010f3025030100a020a21e801c" +
    Buffer.from("<<<Obsolete>>>", "utf16le").swap16().toString("hex") +
    "3031300d060960864801650304020105000420",
  "hex",
);

/** WIN_CERTIFICATE: length, revision, type. */
const WIN_CERTIFICATE_BYTES = 8;
const REVISION_2 = 0x0200;
const PKCS_SIGNED_DATA = 0x0002;

/** @returns a new image: the old one, padded to 8 bytes, with its checksum set and the signature at its end */
export async function signPortableExecutable(
  image: Uint8Array,
  signer: CertifiedSigner,
): Promise<Uint8Array> {
  const layout = readPeLayout(image);
  if (layout.certificateTable !== undefined)
    throw new SignatureError(
      "already-signed",
      "Cannot sign the portable executable: it has a signature already",
      {
        hint: "Sign the image as it was built; or remove the signature first: sbattach --remove FILE",
      },
    );
  const tableAt = alignUp(image.length);
  const padding = Buffer.alloc(tableAt - image.length);
  const signature = await signCms(FORM, encodeIndirectData(hashImage(layout, [image, padding])), signer);

  const tableBytes = alignUp(WIN_CERTIFICATE_BYTES + signature.length);
  const signed = Buffer.alloc(tableAt + tableBytes);
  signed.set(image);
  signed.writeUInt32LE(tableAt, layout.certificateEntryAt);
  signed.writeUInt32LE(tableBytes, layout.certificateEntryAt + 4);
  signed.writeUInt32LE(WIN_CERTIFICATE_BYTES + signature.length, tableAt);
  signed.writeUInt16LE(REVISION_2, tableAt + 4);
  signed.writeUInt16LE(PKCS_SIGNED_DATA, tableAt + 6);
  signed.set(signature, tableAt + WIN_CERTIFICATE_BYTES);
  signed.writeUInt32LE(0, layout.checksumAt);
  signed.writeUInt32LE(sumImage(signed), layout.checksumAt);
  return signed;
}

/** The signatures of the image in DER, in the order of the file; none of an unsigned image. Nothing is verified. */
export function readAuthenticodeSignatures(image: Uint8Array): Uint8Array[] {
  const { certificateTable } = readPeLayout(image);
  if (certificateTable === undefined) return [];
  const table = Buffer.from(image.buffer, image.byteOffset + certificateTable.at, certificateTable.sizeBytes);
  const signatures: Uint8Array[] = [];
  for (let at = 0; at < table.length;) {
    const sizeBytes = readWinCertificate(table, at);
    signatures.push(table.subarray(at + WIN_CERTIFICATE_BYTES, at + sizeBytes));
    at = alignUp(at + sizeBytes);
  }
  return signatures;
}

/**
 * Throws unless the image has one signature, by the key of this certificate, and is to the bit what was
 * signed. The one field that no signature covers is the checksum, which firmware does not look at.
 * @param certificate DER
 */
export function verifyPortableExecutable(image: Uint8Array, certificate: Uint8Array): void {
  const { layout, signatures } = readToVerify(image);
  const [signature, ...others] = signatures;
  if (signature === undefined)
    throw new SignatureError("signature-missing", "Cannot accept the portable executable: it is not signed");
  if (others.length > 0) fail(`it has ${others.length + 1} signatures, wanted one`);
  const content = image.subarray(0, layout.certificateTable?.at);
  verifyCms(FORM, signature, certificate, encodeIndirectData(hashImage(layout, [content])));
}

function readToVerify(image: Uint8Array): { layout: PeLayout; signatures: Uint8Array[] } {
  try {
    return { layout: readPeLayout(image), signatures: readAuthenticodeSignatures(image) };
  } catch (cause) {
    // What was signed was an image that can be signed, so this one has changed since.
    return fail(cause instanceof Error ? cause.message : "it is not readable", cause);
  }
}

/**
 * Everything but the checksum, the entry of the certificate table and the table itself. Because the
 * sections leave no gaps, this is what the specification's walk over the sections comes to.
 * @param parts the image without its certificate table; the headers are in the first
 */
function hashImage({ checksumAt, certificateEntryAt }: PeLayout, parts: readonly Uint8Array[]): Buffer {
  const [first = new Uint8Array(), ...rest] = parts;
  const hash = createHash("sha256")
    .update(first.subarray(0, checksumAt))
    .update(first.subarray(checksumAt + 4, certificateEntryAt))
    .update(first.subarray(certificateEntryAt + 8));
  for (const part of rest) hash.update(part);
  return hash.digest();
}

function encodeIndirectData(digest: Uint8Array): Uint8Array {
  return Buffer.concat([INDIRECT_DATA_START, digest]);
}

/** @returns the size of the entry at `at`: header and signature */
function readWinCertificate(table: Buffer, at: number): number {
  if (at + WIN_CERTIFICATE_BYTES > table.length) fail("its certificate table ends inside an entry");
  const sizeBytes = table.readUInt32LE(at);
  const [revision, type] = [table.readUInt16LE(at + 4), table.readUInt16LE(at + 6)];
  if (revision !== REVISION_2 || type !== PKCS_SIGNED_DATA)
    fail(`its certificate table has an entry of revision ${revision} and type ${type}`);
  if (sizeBytes < WIN_CERTIFICATE_BYTES || alignUp(at + sizeBytes) > table.length)
    fail("its certificate table ends inside an entry");
  if (table.subarray(at + sizeBytes, alignUp(at + sizeBytes)).some((byte) => byte !== 0))
    fail("the padding of its certificate table is not zero");
  return sizeBytes;
}

/** The checksum of the PE format, as of an image whose checksum field is zero. Firmware ignores it; sbsign sets it. */
function sumImage(image: Buffer): number {
  let sum = 0;
  for (let at = 0; at < image.length; at += 2) {
    sum += image.readUInt16LE(at);
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return sum + image.length;
}

function alignUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / CERTIFICATE_ALIGNMENT_BYTES) * CERTIFICATE_ALIGNMENT_BYTES;
}

function fail(reason: string, cause?: unknown): never {
  throw new SignatureError(
    "signature-malformed",
    `Cannot accept the portable executable's signature: ${reason}`,
    { cause },
  );
}
