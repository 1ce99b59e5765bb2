import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { encodeCanonicalJson } from "#release/canonicalJson.ts";
import { KeyError } from "./keyError.ts";
import {
  isCertifiedRole,
  isTufRole,
  KEY_ROLE_NAMES,
  TUF_ROLES,
  type KeyRecord,
  type KeyRole,
  type KeySet,
  type RoleKeys,
} from "./keySet.ts";
import { parsePublicKey, toAlgorithm, toKeyId, type PublicKeyAlgorithm } from "./publicKeys.ts";

/** keys.json: the key set as it is kept. Longer than ten years is not asked of any metadata. */
const MAX_EXPIRY_DAYS = 3660;

// A NUL would end a path or a word early in every call to the kernel.
const word = z.string().refine((text) => !text.includes("\0"), "holds a NUL");
const signer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("file"), path: word.min(1) }),
  z.strictObject({ kind: z.literal("command"), argv: z.array(word).min(1) }),
]);
const record = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 lower-case hex digits"),
  state: z.enum(["active", "retired", "revoked"]),
  publicKey: z.string(),
  certificate: z.string().exactOptional(),
  signer,
});
const roleKeys = z.strictObject({ threshold: z.int().min(1), keys: z.array(record) });

const keySet = z
  .strictObject({
    apiVersion: z.literal("socle/v1"),
    kind: z.literal("KeySet"),
    development: z.boolean(),
    rootVersion: z.int().min(1),
    expiryDays: z.record(z.enum(TUF_ROLES), z.int().min(1).max(MAX_EXPIRY_DAYS)),
    roles: z.record(z.enum(KEY_ROLE_NAMES), roleKeys),
  })
  .superRefine(({ roles }, context) => {
    for (const { path, problem } of findKeyProblems(roles)) {
      context.addIssue({ code: "custom", path: ["roles", ...path], message: problem });
    }
  });

/** Throws when the set would not be read back: a wrong one is not written. */
export function encodeKeySet(value: KeySet): string {
  const text = encodeCanonicalJson({ apiVersion: "socle/v1", kind: "KeySet", ...value });
  parseKeySet(text);
  return text;
}

/** @param source the file's name, for the error */
export function parseKeySet(text: string, source = "keys.json"): KeySet {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Without the parser's own words: they quote the text, and someone may have pasted a private key into it.
    throw new KeyError("keys-malformed", `Cannot read "${source}": it is not JSON`);
  }
  const parsed = keySet.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new KeyError("keys-malformed", [`Cannot read "${source}":`, ...problems].join("\n"));
  }
  const { development, rootVersion, expiryDays, roles } = parsed.data;
  return { development, rootVersion, expiryDays, roles };
}

interface KeyProblem {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

function findKeyProblems(roles: Readonly<Record<KeyRole, RoleKeys>>): KeyProblem[] {
  const problems: KeyProblem[] = [];
  const placeOf = new Map<string, string>();
  for (const role of KEY_ROLE_NAMES) {
    const { threshold, keys } = roles[role];
    const active = keys.filter(({ state }) => state === "active").length;
    if (active < threshold)
      problems.push({ path: [role, "threshold"], problem: `is ${threshold}, but ${active} keys are active` });
    if (!isTufRole(role) && (threshold > 1 || active > 1))
      problems.push({ path: [role], problem: "has one active key: only TUF roles share a signature" });
    for (const [index, key] of keys.entries()) {
      const path = [role, "keys", index];
      // One key for two purposes: a signature for one could be shown as one for the other.
      const other = placeOf.get(key.id);
      if (other !== undefined) problems.push({ path, problem: `is the same key as ${other}` });
      placeOf.set(key.id, path.join("."));
      for (const problem of findRecordProblems(role, key)) problems.push({ path, problem });
    }
  }
  return problems;
}

function findRecordProblems(role: KeyRole, { id, publicKey, certificate }: KeyRecord): string[] {
  const key = attempt(() => parsePublicKey(publicKey));
  if (key === undefined) return ["its publicKey is not a public key in PEM"];
  const algorithm = toAlgorithm(key);
  const problems: string[] = [];
  if (toKeyId(key) !== id) problems.push("its id is not the SHA-256 of its publicKey");
  if (algorithm === undefined || !mayHave(role, algorithm))
    problems.push(`is ${algorithm ?? "of an unknown kind"}, but ${role} takes ${wantedAlgorithms(role)}`);
  if (isCertifiedRole(role) !== (certificate !== undefined))
    problems.push(certificate === undefined ? "has no certificate" : "has a certificate, but needs none");
  if (certificate !== undefined) {
    const parsed = attempt(() => new X509Certificate(certificate));
    if (parsed === undefined) problems.push("its certificate is not one of X.509, in PEM");
    else if (toKeyId(parsed.publicKey) !== id) problems.push("its certificate is for another key");
  }
  return problems;
}

/**
 * Ed25519 where only we verify; P-256 there too, since many tokens and key services have nothing
 * newer. Firmware takes RSA.
 */
export function mayHave(role: KeyRole, algorithm: PublicKeyAlgorithm): boolean {
  return isCertifiedRole(role) === algorithm.startsWith("rsa-");
}

export function wantedAlgorithms(role: KeyRole): string {
  return isCertifiedRole(role) ? "RSA of 2048 to 4096 bits" : "Ed25519 or ECDSA P-256";
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
