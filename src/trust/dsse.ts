/**
 * Dead Simple Signing Envelope, version 1: a payload with its type, and signatures over both. Ed25519,
 * or RSA with SHA-256. Base64 in the standard alphabet, with padding. Not here: certificates, URL-safe base64.
 */
import type { KeyObject } from "node:crypto";
import { z } from "zod";

import { isSignatureOf } from "./isSignatureOf.ts";
import { SignatureError } from "./signatureError.ts";
import type { Signer } from "./signer.ts";

export interface DsseSigner {
  /** Names the key to those who verify; not itself signed. */
  readonly keyId: string;
  readonly signer: Signer;
}

export interface TrustedKey {
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

export interface DssePayload {
  /** A media type, e.g. `application/vnd.in-toto+json`: look at it before reading the payload. */
  readonly payloadType: string;
  readonly payload: Uint8Array;
}

const base64 = z
  .string()
  .refine((text) => encodeBase64(decodeBase64(text)) === text, "is not base64")
  .transform(decodeBase64);
const schema = z.strictObject({
  payloadType: z.string().min(1),
  payload: base64,
  signatures: z.array(z.strictObject({ keyid: z.string().optional(), sig: base64 })).min(1),
});

/** @returns the envelope: JSON in one line, without a line break */
export async function signDsse(
  payloadType: string,
  payload: Uint8Array,
  signers: readonly DsseSigner[],
): Promise<string> {
  const encoded = encodePreAuthentication({ payloadType, payload });
  const signatures = await Promise.all(
    signers.map(async ({ keyId, signer }) => {
      const signature = await signer.sign(encoded);
      if (!isSignatureOf(encoded, signature, signer.publicKey))
        fail("wrong", `Cannot sign: what the signer "${keyId}" made is no signature by its key`);
      return { keyid: keyId, sig: encodeBase64(signature) };
    }),
  );
  return JSON.stringify({ payloadType, payload: encodeBase64(payload), signatures });
}

/**
 * Throws unless at least `threshold` of the trusted keys have signed. Signatures by other keys, and
 * further ones by a key that was counted, change nothing.
 */
export function verifyDsse(envelope: string, trusted: readonly TrustedKey[], threshold: number): DssePayload {
  if (!Number.isInteger(threshold) || threshold < 1)
    throw new TypeError("A threshold is a whole number from 1");
  const { payloadType, payload, signatures } = parseEnvelope(envelope);
  const encoded = encodePreAuthentication({ payloadType, payload });
  let wrong = 0;
  /** By the key itself, so that one key under two names counts once. */
  const accepted = new Set<string>();
  for (const { keyid, sig } of signatures) {
    // The specification: a key's name only says which keys to try, and may be left out.
    const candidates = trusted.filter(({ keyId }) => keyid === undefined || keyid === keyId);
    const key = candidates.find(({ publicKey }) => isSignatureOf(encoded, sig, publicKey));
    if (key !== undefined) accepted.add(toKeyText(key.publicKey));
    else if (candidates.length > 0) wrong++;
  }
  if (accepted.size >= threshold) return { payloadType, payload };
  return fail(
    wrong > 0 ? "wrong" : "missing",
    `Cannot accept the envelope: signed by ${accepted.size} trusted keys, wanted ${threshold}; ` +
      `${wrong} signatures are wrong`,
  );
}

/** PAE of the specification: lengths in bytes, so that no other type and payload give the same. */
function encodePreAuthentication({ payloadType, payload }: DssePayload): Uint8Array {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `), payload]);
}

function parseEnvelope(text: string): z.output<typeof schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return fail("malformed", "Cannot read the envelope: it is not JSON", cause);
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  const problems = error.issues.map(({ path, message }) => `  ${path.join(".") || "envelope"}: ${message}`);
  return fail("malformed", `Cannot read the envelope:\n${problems.join("\n")}`);
}

function toKeyText(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function decodeBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

function fail(code: "malformed" | "wrong" | "missing", message: string, cause?: unknown): never {
  throw new SignatureError(`signature-${code}`, message, { cause });
}
