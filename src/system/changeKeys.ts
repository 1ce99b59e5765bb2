import { X509Certificate } from "node:crypto";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { findKey, renewRoot, revokeKey, rotateKeys, type FoundKey } from "#trust/changeKeySet.ts";
import { KeyError } from "#trust/keyError.ts";
import { activeKeys, isTufRole, type KeyRecord, type KeyRole, type KeySet } from "#trust/keySet.ts";
import type { Signer } from "#trust/signer.ts";
import { createRootMetadata } from "#trust/tufRoot.ts";
import { makeKeys, type KeyCount } from "./createKeyFolder.ts";
import { isFolder, readIfPresent } from "./files.ts";
import { findKeyFile, openKeyFolder, openSigners, type KeyFolder, type SignerOptions } from "./keyFolder.ts";
import type { ExternalKey, MadeKey } from "./makeKey.ts";
import { storeKeys, withKeyLock } from "./storeKeys.ts";

export interface Rotation {
  readonly now: Date;
  /** As many as before where it is absent. */
  readonly count?: KeyCount | undefined;
  /** The one key to replace, by the beginning of its id; all active ones of the role where it is absent. */
  readonly replace?: string | undefined;
  readonly external?: readonly ExternalKey[];
  /** Where private keys that are kept offline are now; new ones of the same role go there too. */
  readonly keysAt?: string | undefined;
  /** Whether new private keys get a passphrase although the old ones have none. */
  readonly passphrase?: boolean | undefined;
  readonly choosePassphrase: (folder: string) => Promise<string>;
}

export interface Rotated {
  readonly keySet: KeySet;
  readonly fresh: readonly KeyRecord[];
  readonly retired: readonly KeyRecord[];
}

/** New keys for a role; TUF roles get the next root metadata, signed by the old root keys (and, for root, by the new). */
export async function rotateRole(folder: string, role: KeyRole, rotation: Rotation): Promise<Rotated> {
  return withKeyLock(folder, async () => {
    const keys = await openKeyFolder(folder);
    const retire = planRetirement(keys.keySet, role, rotation);
    // Before anything is made: without the root keys nothing can be changed.
    const rootSigners = isTufRole(role)
      ? await openSigners(keys, "root", { keysAt: rotation.keysAt, last: role === "root" ? retire : [] })
      : [];
    const made = await makeFresh(keys, role, retire, rotation);
    const fresh = made.map(({ record }) => record);
    const threshold = rotation.count?.threshold ?? keys.keySet.roles[role].threshold;
    const keySet = rotateKeys(keys.keySet, role, { fresh, retire, threshold });
    const signers = [...rootSigners, ...(role === "root" ? made.map(({ signer }) => signer) : [])];
    await store(keys, keySet, { made, signers, now: rotation.now });
    return { keySet, fresh, retired: retire };
  });
}

/** The next root metadata with the keys that there are: it expires later. */
export async function renewRootMetadata(
  folder: string,
  { now, ...options }: SignerOptions & { readonly now: Date },
): Promise<KeySet> {
  return withKeyLock(folder, async () => {
    const keys = await openKeyFolder(folder);
    const keySet = renewRoot(keys.keySet);
    await store(keys, keySet, { signers: await openSigners(keys, "root", options), now });
    return keySet;
  });
}

/** What the key signed is refused from now on. */
export async function revoke(
  folder: string,
  id: string,
  { now, keysAt }: { readonly now: Date; readonly keysAt?: string | undefined },
): Promise<FoundKey & { readonly keySet: KeySet }> {
  return withKeyLock(folder, async () => {
    const keys = await openKeyFolder(folder);
    const found = findKey(keys.keySet, id);
    const keySet = revokeKey(keys.keySet, found);
    const isSigned = keySet.rootVersion > keys.keySet.rootVersion;
    const signers = isSigned ? await openSigners(keys, "root", { keysAt, without: found.key }) : [];
    await store(keys, keySet, { signers, now });
    return { ...found, keySet };
  });
}

async function store(
  { folder, keySet: before, rootMetadata }: KeyFolder,
  keySet: KeySet,
  change: { readonly made?: readonly MadeKey[]; readonly signers: readonly Signer[]; readonly now: Date },
): Promise<void> {
  const next =
    keySet.rootVersion > before.rootVersion
      ? await createRootMetadata(keySet, rootMetadata, change.signers, change.now)
      : undefined;
  await storeKeys(folder, keySet, { made: change.made ?? [], rootMetadata: next });
}

function planRetirement(keySet: KeySet, role: KeyRole, { replace, count }: Rotation): readonly KeyRecord[] {
  const active = activeKeys(keySet, role);
  if (replace === undefined) return active;
  const found = findKey(keySet, replace);
  if (found.role !== role || found.key.state !== "active")
    throw new KeyError("key-unknown", `Cannot replace "${replace}": it is no active key of ${role}`);
  if (count !== undefined)
    throw new KeyError(
      "key-unknown",
      "One key is replaced by one: a new threshold needs new keys for the whole role",
    );
  return [found.key];
}

/** New keys are kept as the ones that they replace were: in the same folder, with a passphrase if one had one. */
async function makeFresh(
  { folder, keySet }: KeyFolder,
  role: KeyRole,
  retire: readonly KeyRecord[],
  rotation: Rotation,
): Promise<MadeKey[]> {
  const { now, external = [], keysAt } = rotation;
  const count = rotation.count?.count ?? retire.length;
  if (external.length > count)
    throw new KeyError(
      "signer-unclear",
      `Cannot take ${external.length} signers for ${role}: ${count} keys are made`,
    );
  const paths = retire.flatMap(({ signer }) => (signer.kind === "file" ? [signer.path] : []));
  const away = paths.find((path) => isAbsolute(path));
  const offline = away === undefined ? undefined : resolve(keysAt ?? dirname(away));
  const isFileMade = count > external.length;
  // Not made: a key that shall be kept offline must not end up on this disk, where a medium is mounted at times.
  if (isFileMade && offline !== undefined && !(await isFolder(offline))) {
    throw new KeyError(
      "key-missing",
      `Cannot make a key for ${role}: the folder of the old one, "${offline}", is not there`,
      {
        hint: "Connect the medium, or name the folder where it is now: --key-folder DIR",
      },
    );
  }
  const hasPassphrase =
    isFileMade && (rotation.passphrase === true || (await isAnyEncrypted(paths, folder, keysAt)));
  const passphrase = hasPassphrase
    ? await rotation.choosePassphrase(offline ?? join(folder, "private"))
    : undefined;
  const name = toName(retire.at(-1), role, keySet);
  return makeKeys(role, { folder, name, offline, passphrase, now }, count, external);
}

async function isAnyEncrypted(
  paths: readonly string[],
  folder: string,
  keysAt: string | undefined,
): Promise<boolean> {
  for (const path of paths) {
    const pem = await readIfPresent(await findKeyFile(folder, path, keysAt));
    if (pem?.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----") === true) return true;
  }
  return false;
}

/** The name in the certificates of this set, which stays when keys change. */
function toName(like: KeyRecord | undefined, role: KeyRole, { development }: KeySet): string {
  const certificate = like?.certificate;
  const subject =
    certificate === undefined ? undefined : new X509Certificate(certificate).toLegacyObject().subject;
  const commonName = typeof subject?.CN === "string" ? subject.CN : undefined;
  if (commonName?.endsWith(` ${role}`) === true) return commonName.slice(0, -role.length - 1);
  return development ? "Socle development" : "Socle";
}
