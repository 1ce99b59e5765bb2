/**
 * EFI_SIGNATURE_LIST (UEFI 2.10, 32.4.1): what PK, KEK, db and dbx hold, and the `.esl` files that
 * firmware setup and efitools read. X.509 certificates only; not here: hashes, other key types,
 * authenticated variables (`.auth`).
 */
import { decodeGuid, encodeGuid } from "#boot/gptGuid.ts";
import { KeyError } from "./keyError.ts";

const EFI_CERT_X509_GUID = "a5c059a1-94e4-4aa7-87b5-ab155c2bf072";
/** Type, and three lengths of 32 bits: of the list, of a header that X.509 has none of, of one signature. */
const LIST_HEADER_BYTES = 28;
const GUID_BYTES = 16;

/** Who put a certificate there: any number that is always the same. */
export const SIGNATURE_OWNER = "0d1f6c5e-7a43-4c6b-9e52-3bb0a4f1d7c8";

/** One list per certificate, since all signatures in a list have the same size. No certificates, no bytes. */
export function encodeSignatureLists(
  certificates: readonly Uint8Array[],
  owner: string = SIGNATURE_OWNER,
): Uint8Array {
  return Buffer.concat(
    certificates.map((certificate) => {
      const header = Buffer.alloc(LIST_HEADER_BYTES + GUID_BYTES);
      encodeGuid(EFI_CERT_X509_GUID, header, 0);
      header.writeUInt32LE(header.length + certificate.length, 16);
      header.writeUInt32LE(0, 20);
      header.writeUInt32LE(GUID_BYTES + certificate.length, 24);
      encodeGuid(owner, header, LIST_HEADER_BYTES);
      return Buffer.concat([header, certificate]);
    }),
  );
}

export interface EfiSignature {
  readonly owner: string;
  /** DER. */
  readonly certificate: Uint8Array;
}

export function decodeSignatureLists(bytes: Uint8Array): EfiSignature[] {
  let rest: Buffer = Buffer.from(bytes);
  const signatures: EfiSignature[] = [];
  while (rest.length > 0) {
    const { list, after } = splitList(rest);
    signatures.push(...list);
    rest = after;
  }
  return signatures;
}

function splitList(bytes: Buffer): { list: EfiSignature[]; after: Buffer } {
  if (bytes.length < LIST_HEADER_BYTES) throw malformed("it ends inside a header");
  const type = decodeGuid(bytes, 0);
  if (type !== EFI_CERT_X509_GUID) throw malformed(`it has a list of type ${type}, only X.509 is read`);
  const listBytes = bytes.readUInt32LE(16);
  const headerBytes = bytes.readUInt32LE(20);
  const signatureBytes = bytes.readUInt32LE(24);
  if (headerBytes !== 0) throw malformed("a list of X.509 certificates has no header of its own");
  if (listBytes > bytes.length) throw malformed("it ends inside a list");
  const count = (listBytes - LIST_HEADER_BYTES) / signatureBytes;
  if (signatureBytes <= GUID_BYTES || !Number.isInteger(count) || count < 1)
    throw malformed("the sizes of a list do not fit");
  const list = Array.from({ length: count }, (_, index) => {
    const at = LIST_HEADER_BYTES + index * signatureBytes;
    return {
      owner: decodeGuid(bytes, at),
      certificate: bytes.subarray(at + GUID_BYTES, at + signatureBytes),
    };
  });
  return { list, after: bytes.subarray(listBytes) };
}

function malformed(why: string): KeyError {
  return new KeyError("keys-malformed", `Cannot read an EFI signature list: ${why}`);
}
