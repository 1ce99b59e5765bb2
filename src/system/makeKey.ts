import { generateKeyPair, randomBytes, type KeyObject } from "node:crypto";
import { basename, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { encryptPrivateKey } from "#trust/encryptPrivateKey.ts";
import { KeyError } from "#trust/keyError.ts";
import {
  isCertifiedRole,
  KEY_ROLES,
  type KeyRecord,
  type KeyRole,
  type SignerReference,
} from "#trust/keySet.ts";
import { mayHave, wantedAlgorithms } from "#trust/parseKeySet.ts";
import { encodePublicKey, toAlgorithm, toKeyId } from "#trust/publicKeys.ts";
import { createSecureBootCertificate } from "#trust/secureBootCertificate.ts";
import type { Signer } from "#trust/signer.ts";
import { createCommandSigner } from "./commandSigner.ts";
import { toSigner } from "./fileSigner.ts";

/** A key that is not kept yet. */
export interface MadeKey {
  readonly record: KeyRecord;
  readonly signer: Signer;
  /** What is to be written before anything names it; an external signer's key has none. */
  readonly privateFile?: { readonly path: string; readonly pem: string };
}

/** What does not differ from key to key. */
export interface KeyTerms {
  /** The folder of keys.json. */
  readonly folder: string;
  /** In front of the role in a certificate's common name. */
  readonly name: string;
  /** The folder for the private key, where it is not `private` in the key folder. */
  readonly offline?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly now: Date;
}

/** A key pair of the role's algorithm, its private half for a file. */
export async function makeFileKey(role: KeyRole, terms: KeyTerms): Promise<MadeKey> {
  const { publicKey, privateKey } = await generate(role);
  const name = `${role}-${toKeyId(publicKey).slice(0, 12)}.pem`;
  const path = terms.offline === undefined ? join("private", name) : join(terms.offline, name);
  const signer = toSigner(privateKey, publicKey, `"${basename(path)}"`);
  const record = await toRecord(role, signer, { kind: "file", path }, terms);
  const pem = await encodePrivateKey(privateKey, terms.passphrase);
  return { record, signer, privateFile: { path: isAbsolute(path) ? path : join(terms.folder, path), pem } };
}

/** A key that stays where it is, behind a command. */
export interface ExternalKey {
  readonly argv: readonly string[];
  readonly publicKey: KeyObject;
  /** PEM; the command makes one where a role needs one and none was given. */
  readonly certificate?: string;
}

/** Lets the command sign once: a wrong one is better found now than when a release is to be signed. */
export async function takeExternalKey(
  role: KeyRole,
  external: ExternalKey,
  terms: KeyTerms,
): Promise<MadeKey> {
  const algorithm = toAlgorithm(external.publicKey);
  if (algorithm === undefined || !mayHave(role, algorithm)) {
    throw new KeyError(
      "signer-unclear",
      `Cannot use that key for ${role}: it is ${algorithm ?? "of an unknown kind"}, ${wantedAlgorithms(role)} is wanted`,
    );
  }
  const signer = createCommandSigner(external.argv, external.publicKey);
  await signer.sign(Buffer.from(`socle keys: to see whether this key signs for ${role}\n`));
  const reference: SignerReference = { kind: "command", argv: external.argv };
  return { record: await toRecord(role, signer, reference, terms, external.certificate), signer };
}

async function toRecord(
  role: KeyRole,
  signer: Signer,
  reference: SignerReference,
  { name, now }: KeyTerms,
  given?: string,
): Promise<KeyRecord> {
  const record: KeyRecord = {
    id: toKeyId(signer.publicKey),
    state: "active",
    publicKey: encodePublicKey(signer.publicKey),
    signer: reference,
  };
  if (!isCertifiedRole(role)) return record;
  const commonName = `${name} ${role}`;
  const notBefore = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
  return {
    ...record,
    certificate: given ?? (await createSecureBootCertificate(signer, { role, commonName, notBefore })),
  };
}

const DAY_MS = 86_400_000;

async function generate(role: KeyRole): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return KEY_ROLES[role].algorithm === "ed25519"
    ? promisify(generateKeyPair)("ed25519")
    : promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
}

async function encodePrivateKey(privateKey: KeyObject, passphrase: string | undefined): Promise<string> {
  return passphrase === undefined
    ? privateKey.export({ type: "pkcs8", format: "pem" }).toString()
    : encryptPrivateKey(privateKey, passphrase, { salt: randomBytes(16), iv: randomBytes(16) });
}
