import { join } from "node:path";
import { KeyError } from "#trust/keyError.ts";
import {
  DEFAULT_EXPIRY_DAYS,
  KEY_ROLE_NAMES,
  type KeyRole,
  type KeySet,
  type RoleKeys,
} from "#trust/keySet.ts";
import { createRootMetadata } from "#trust/tufRoot.ts";
import { exists, writeAtomic } from "./files.ts";
import { makeFileKey, takeExternalKey, type ExternalKey, type KeyTerms, type MadeKey } from "./makeKey.ts";
import { keySetFile, storeKeys, withKeyLock } from "./storeKeys.ts";

/** `threshold` of `count` keys must sign. */
export interface KeyCount {
  readonly threshold: number;
  readonly count: number;
}

export interface NewKeySet extends Omit<KeyTerms, "folder" | "offline"> {
  readonly development: boolean;
  /** One key, and its signature is enough, where a role is not named. */
  readonly counts?: Partial<Record<KeyRole, KeyCount>>;
  readonly external?: Partial<Record<KeyRole, readonly ExternalKey[]>>;
  /** A folder for the private keys of the roles that are rarely needed. */
  readonly offline?: string | undefined;
}

/** The roles whose private keys can be kept elsewhere: no build and no publication needs them. */
export const OFFLINE_ROLES: readonly KeyRole[] = ["root", "PK", "KEK"];

/** Nothing in a version history but what everybody may know. */
const IGNORED = "/private/\n/.lock\n";

/** Makes a whole set of keys in a folder that has none, and its first root metadata. */
export async function createKeyFolder(folder: string, wanted: NewKeySet): Promise<void> {
  if (await ensureKeyFolder(folder, wanted)) return;
  throw new KeyError("keys-exist", `Cannot make keys in "${folder}": there are keys already`, {
    hint: "Name another folder, or change those: socle keys rotate ROLE",
  });
}

/** @returns whether they were made: keys that are there stay, and two callers at once make one set */
export async function ensureKeyFolder(folder: string, wanted: NewKeySet): Promise<boolean> {
  if (await exists(keySetFile(folder))) return false;
  return withKeyLock(folder, async () => {
    if (await exists(keySetFile(folder))) return false;
    await create(folder, wanted);
    return true;
  });
}

async function create(
  folder: string,
  { development, counts, external, offline, ...shared }: NewKeySet,
): Promise<void> {
  const made = new Map<KeyRole, readonly MadeKey[]>();
  for (const role of KEY_ROLE_NAMES) {
    const terms = { ...shared, folder, offline: OFFLINE_ROLES.includes(role) ? offline : undefined };
    made.set(role, await makeKeys(role, terms, counts?.[role]?.count ?? 1, external?.[role]));
  }
  const roleKeys = (role: KeyRole): RoleKeys => ({
    threshold: counts?.[role]?.threshold ?? 1,
    keys: (made.get(role) ?? []).map(({ record }) => record),
  });
  const keySet: KeySet = {
    development,
    rootVersion: 1,
    expiryDays: DEFAULT_EXPIRY_DAYS,
    roles: Object.fromEntries(KEY_ROLE_NAMES.map((role) => [role, roleKeys(role)])) as KeySet["roles"], // every name
  };
  const signers = (made.get("root") ?? []).map(({ signer }) => signer);
  const rootMetadata = await createRootMetadata(keySet, [], signers, shared.now);
  await writeAtomic(join(folder, ".gitignore"), IGNORED);
  await storeKeys(folder, keySet, { made: [...made.values()].flat(), rootMetadata });
}

/** `count` keys: those behind commands first, the rest in files. */
export async function makeKeys(
  role: KeyRole,
  terms: KeyTerms,
  count: number,
  external: readonly ExternalKey[] = [],
): Promise<MadeKey[]> {
  const made: MadeKey[] = [];
  // One after the other: two commands at once would fight over one token, or over the terminal.
  for (const key of external) made.push(await takeExternalKey(role, key, terms));
  const fileKeys = Array.from({ length: Math.max(0, count - external.length) }, () =>
    makeFileKey(role, terms),
  );
  return [...made, ...(await Promise.all(fileKeys))];
}
