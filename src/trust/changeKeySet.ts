/** What rotating and revoking does to a key set; whoever calls this makes the keys and signs the next root metadata. */
import { KeyError } from "./keyError.ts";
import {
  activeKeys,
  isTufRole,
  KEY_ROLE_NAMES,
  type KeyRecord,
  type KeyRole,
  type KeySet,
} from "./keySet.ts";

export interface FoundKey {
  readonly role: KeyRole;
  readonly key: KeyRecord;
}

/** @param id the whole id, or enough of its beginning */
export function findKey(keySet: KeySet, id: string): FoundKey {
  const found = KEY_ROLE_NAMES.flatMap((role) =>
    keySet.roles[role].keys.filter((key) => key.id.startsWith(id)).map((key) => ({ role, key })),
  );
  const [first, second] = found;
  if (first === undefined)
    throw new KeyError("key-unknown", `There is no key "${id}" here`, { hint: "socle keys list" });
  if (second !== undefined)
    throw new KeyError("key-unknown", `"${id}" is the beginning of several keys: write more of it`);
  return first;
}

/**
 * New keys sign from now on; the ones in `retire` do so no longer.
 * @param fresh records of state `active`
 */
export function rotateKeys(
  keySet: KeySet,
  role: KeyRole,
  change: {
    readonly fresh: readonly KeyRecord[];
    readonly retire: readonly KeyRecord[];
    readonly threshold: number;
  },
): KeySet {
  const retired = new Set(change.retire.map(({ id }) => id));
  const kept = keySet.roles[role].keys.map((key) =>
    retired.has(key.id) && key.state === "active" ? { ...key, state: "retired" as const } : key,
  );
  return withRole(keySet, role, { threshold: change.threshold, keys: [...kept, ...change.fresh] });
}

/** The next root metadata say the same for longer. */
export function renewRoot(keySet: KeySet): KeySet {
  return { ...keySet, rootVersion: keySet.rootVersion + 1 };
}

/** What the key signed is refused from now on. Throws where too few keys would be left to sign. */
export function revokeKey(keySet: KeySet, { role, key }: FoundKey): KeySet {
  const { threshold, keys } = keySet.roles[role];
  const left = activeKeys(keySet, role).filter(({ id }) => id !== key.id);
  if (left.length < threshold) {
    const need =
      threshold === 1 ? "it is the only one" : `${threshold} must sign, and ${left.length} would be left`;
    throw new KeyError(
      "last-key",
      `Cannot revoke ${key.id.slice(0, 12)}, an active key of ${role}: ${need}`,
      {
        hint: `First make a new one: socle keys rotate ${role}`,
      },
    );
  }
  const changed = keys.map((other) =>
    other.id === key.id ? { ...other, state: "revoked" as const } : other,
  );
  // A retired key is in no root metadata any more: there is nothing to sign.
  if (key.state !== "active")
    return { ...keySet, roles: { ...keySet.roles, [role]: { threshold, keys: changed } } };
  return withRole(keySet, role, { threshold, keys: changed });
}

function withRole(keySet: KeySet, role: KeyRole, roleKeys: KeySet["roles"][KeyRole]): KeySet {
  const changed = { ...keySet, roles: { ...keySet.roles, [role]: roleKeys } };
  return isTufRole(role) ? renewRoot(changed) : changed;
}
