import { z } from "zod";

import { isSha256, type Sha256 } from "#release/sha256.ts";

import { SignatureError } from "./signatureError.ts";

/** What a root hash is vouched for with. */
export interface VeritySignature {
  readonly rootHash: Sha256;
  /** DER; see `signRootHash`. */
  readonly signature: Uint8Array;
  /** SHA-256 of the signer's certificate in DER. */
  readonly certificateFingerprint?: Sha256;
}

const BLOCK_BYTES = 4096;

const sha256 = z.custom<Sha256>((value) => typeof value === "string" && isSha256(value));
const schema = z.strictObject({
  rootHash: sha256,
  signature: z.string().refine((text) => text !== "" && toBase64(fromBase64(text)) === text),
  certificateFingerprint: sha256.optional(),
});

/**
 * The content of a root-verity-sig partition (UAPI.2): JSON, then NULs up to a multiple of 4096 bytes.
 * Without white space, so that the shell of an initrd can cut it up.
 */
export function encodeVerityPartition({
  rootHash,
  signature,
  certificateFingerprint,
}: VeritySignature): Uint8Array {
  const text = JSON.stringify({ rootHash, signature: toBase64(signature), certificateFingerprint });
  const bytes = Buffer.alloc(Math.ceil(text.length / BLOCK_BYTES) * BLOCK_BYTES);
  bytes.write(text);
  return bytes;
}

/** Takes what `encodeVerityPartition` makes, in any order of keys and with any number of further blocks of NULs. */
export function decodeVerityPartition(bytes: Uint8Array): VeritySignature {
  if (bytes.length === 0 || bytes.length % BLOCK_BYTES !== 0)
    fail(`found ${bytes.length} bytes, wanted a multiple of ${BLOCK_BYTES}`);
  const end = bytes.indexOf(0);
  if (end === -1 || bytes.subarray(end).some((byte) => byte !== 0))
    fail("the JSON is not followed by NULs only");
  const text = Buffer.from(bytes.subarray(0, end)).toString();
  const json = parseJson(text);
  // Keys given twice, escapes and white space are read differently by different readers.
  if (JSON.stringify(json) !== text) fail("the JSON is not in its shortest form");
  const { success, data, error } = schema.safeParse(json);
  if (!success)
    return fail(error.issues.map(({ path }) => `"${path.join(".")}" is not as it should be`).join(", "));
  const { rootHash, signature, certificateFingerprint } = data;
  return {
    rootHash,
    signature: fromBase64(signature),
    ...(certificateFingerprint !== undefined && { certificateFingerprint }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail("it is not JSON", cause);
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

function fail(reason: string, cause?: unknown): never {
  throw new SignatureError(
    "signature-malformed",
    `Cannot read the signature of the root hash from its partition: ${reason}`,
    { cause },
  );
}
