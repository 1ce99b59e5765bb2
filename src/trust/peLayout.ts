/**
 * Where the fields of a PE32+ image lie that Authenticode treats apart (Microsoft PE/COFF; "Windows
 * Authenticode Portable Executable Signature Format", 2008). Only images whose sections follow one
 * another in file order, without gaps from the headers on, as linkers and ukify write them: of others
 * firmware and tools hash different bytes. Not here: PE32.
 */
import { decodePeSections } from "#boot/portableExecutable.ts";

import { SignatureError } from "./signatureError.ts";

export interface PeLayout {
  /** Offset of the CheckSum field, 4 bytes. */
  readonly checksumAt: number;
  /** Offset of the data directory's entry of the certificate table, 8 bytes: file offset and size. */
  readonly certificateEntryAt: number;
  /** The certificate table; it ends where the file ends. */
  readonly certificateTable: { readonly at: number; readonly sizeBytes: number } | undefined;
}

const OPTIONAL_HEADER_AT = 24;
const SIZE_OF_HEADERS_AT = 60;
const CHECKSUM_AT = 64;
const DIRECTORY_COUNT_AT = 108;
const DIRECTORIES_AT = 112;
const DIRECTORY_BYTES = 8;
const CERTIFICATE_DIRECTORY = 4;
const SECTION_HEADER_BYTES = 40;

export const CERTIFICATE_ALIGNMENT_BYTES = 8;

/** Throws `PortableExecutableError` for what is no PE32+ image, `SignatureError` for one that cannot be signed. */
export function readPeLayout(image: Uint8Array): PeLayout {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const sections = decodePeSections(bytes); // proves that the headers are there up to the end of the section table
  const peAt = bytes.readUInt32LE(0x3c);
  const headerAt = peAt + OPTIONAL_HEADER_AT;
  const headerBytes = bytes.readUInt16LE(peAt + 20);
  const sectionsAt = headerAt + headerBytes;

  const needed = DIRECTORIES_AT + (CERTIFICATE_DIRECTORY + 1) * DIRECTORY_BYTES;
  if (headerBytes < needed || bytes.readUInt32LE(headerAt + DIRECTORY_COUNT_AT) <= CERTIFICATE_DIRECTORY)
    fail("its headers have no room for a certificate table");

  let end = bytes.readUInt32LE(headerAt + SIZE_OF_HEADERS_AT);
  if (end < sectionsAt + sections.length * SECTION_HEADER_BYTES)
    fail("its headers end before the section table");
  for (const { name, fileOffsetBytes, rawSizeBytes } of sections.filter(
    (section) => section.rawSizeBytes > 0,
  )) {
    if (fileOffsetBytes !== end) fail(`section "${name}" does not follow what is before it in the file`);
    end = fileOffsetBytes + rawSizeBytes;
  }
  if (end > bytes.length) fail("its sections end after the file");

  const certificateEntryAt = headerAt + DIRECTORIES_AT + CERTIFICATE_DIRECTORY * DIRECTORY_BYTES;
  const at = bytes.readUInt32LE(certificateEntryAt);
  const sizeBytes = bytes.readUInt32LE(certificateEntryAt + 4);
  const hasTable = at !== 0 || sizeBytes !== 0;
  if (hasTable && (at < end || sizeBytes === 0 || at + sizeBytes !== bytes.length))
    fail("its certificate table does not lie between its sections and the end of the file");
  return {
    checksumAt: headerAt + CHECKSUM_AT,
    certificateEntryAt,
    certificateTable: hasTable ? { at, sizeBytes } : undefined,
  };
}

function fail(reason: string): never {
  throw new SignatureError("image-not-signable", `Cannot sign or check the portable executable: ${reason}`);
}
