import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import {
  CERTIFIED_ROLES,
  DEFAULT_EXPIRY_DAYS,
  isCertifiedRole,
  KEY_ROLE_NAMES,
  KEY_ROLES,
  type KeyRecord,
  type KeyRole,
  type KeySet,
} from "./keySet.ts";
import { encodePublicKey, toKeyId } from "./publicKeys.ts";
import { createSecureBootCertificate } from "./secureBootCertificate.ts";
import type { Signer } from "./signer.ts";

/** Keys of tests, in memory. Those of RSA take their time: they are made once for all tests of a process. */
export interface TestKey {
  readonly record: KeyRecord;
  readonly signer: Signer;
}

export const TEST_NOW = new Date("2026-11-22T12:34:56.789Z");

export async function makeTestKey(role: KeyRole): Promise<TestKey> {
  const { publicKey, privateKey } =
    KEY_ROLES[role].algorithm === "ed25519"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signer = toTestSigner(publicKey, privateKey);
  const id = toKeyId(publicKey);
  const record: KeyRecord = {
    id,
    state: "active",
    publicKey: encodePublicKey(publicKey),
    signer: { kind: "file", path: `private/${role}-${id.slice(0, 12)}.pem` },
  };
  if (!isCertifiedRole(role)) return { record, signer };
  const terms = { role, commonName: `Test ${role}`, notBefore: TEST_NOW };
  return { record: { ...record, certificate: await createSecureBootCertificate(signer, terms) }, signer };
}

export function toTestSigner(publicKey: KeyObject, privateKey: KeyObject): Signer {
  const hash = publicKey.asymmetricKeyType === "ed25519" ? null : "sha256";
  return { publicKey, sign: async (data) => sign(hash, data, privateKey) };
}

const certified = new Map(
  await Promise.all(CERTIFIED_ROLES.map(async (role) => [role, await makeTestKey(role)] as const)),
);

export interface TestKeySet {
  readonly keySet: KeySet;
  /** Of every role, in the order of their records. */
  readonly signers: Readonly<Record<KeyRole, readonly Signer[]>>;
}

/** A whole set; its RSA keys are those of every other set. */
export async function makeTestKeySet(
  counts: Partial<Record<KeyRole, { threshold: number; count: number }>> = {},
): Promise<TestKeySet> {
  const entries = await Promise.all(
    KEY_ROLE_NAMES.map(async (role) => {
      const { threshold, count } = counts[role] ?? { threshold: 1, count: 1 };
      const known = isCertifiedRole(role) ? certified.get(role) : undefined;
      const keys =
        known === undefined
          ? await Promise.all(Array.from({ length: count }, () => makeTestKey(role)))
          : [known];
      return { role, threshold, keys };
    }),
  );
  const roles = entries.map(({ role, threshold, keys }) => [
    role,
    { threshold, keys: keys.map(({ record }) => record) },
  ]);
  const signers = entries.map(({ role, keys }) => [role, keys.map(({ signer }) => signer)]);
  return {
    keySet: {
      development: false,
      rootVersion: 1,
      expiryDays: DEFAULT_EXPIRY_DAYS,
      roles: Object.fromEntries(roles) as KeySet["roles"], // every role has its entry
    },
    signers: Object.fromEntries(signers) as TestKeySet["signers"], // likewise
  };
}
