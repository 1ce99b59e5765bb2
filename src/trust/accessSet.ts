import { AccessError } from "./accessError.ts";
import { toSerialNumber } from "./serialNumber.ts";

/** An authority that signs callers. Its private key lies beside, under its id. */
export interface AuthorityRecord {
  /** The first 12 hex digits of its certificate's fingerprint. */
  readonly id: string;
  /** PEM. */
  readonly certificate: string;
  /** Retiring: machines still trust it, and it signs nobody any more. */
  readonly state: "active" | "retiring";
  /** Of the latest list of revoked certificates. */
  readonly listNumber: number;
}

/** A certificate that was given to somebody; the private key is theirs, and nowhere else. */
export interface GrantRecord {
  readonly name: string;
  readonly role: string;
  /** As `toSerialNumber` writes it. */
  readonly serial: string;
  /** Id of the authority that signed it. */
  readonly authority: string;
  readonly expires: Date;
  readonly revoked: Date | null;
}

/** Who may call the machines that trust these authorities. */
export interface AccessSet {
  readonly authorities: readonly AuthorityRecord[];
  /** In the order in which they were granted. */
  readonly grants: readonly GrantRecord[];
}

export function findActiveAuthority({ authorities }: AccessSet): AuthorityRecord {
  const active = authorities.find(({ state }) => state === "active");
  if (active === undefined) throw new AccessError("access-malformed", "Cannot sign: no authority is active");
  return active;
}

export function isValid({ expires, revoked }: GrantRecord, now: Date): boolean {
  return revoked === null && now <= expires;
}

/** Throws when somebody of this name has access already: two would be hard to tell apart in every record. */
export function verifyNewName({ grants }: AccessSet, name: string, now: Date): void {
  const held = grants.find((grant) => grant.name === name && isValid(grant, now));
  if (held === undefined) return;
  throw new AccessError(
    "already-granted",
    `"${name}" has access already, as ${held.role} until ${toDay(held.expires)}`,
    {
      hint: `For longer: socle access renew ${quote(name)}\nFor another role, first: socle access revoke ${quote(name)}`,
    },
  );
}

/** The latest certificate of this name that was not revoked, ended or not. */
export function findRenewable({ grants }: AccessSet, name: string): GrantRecord {
  const latest = grants.findLast((grant) => grant.name === name && grant.revoked === null);
  if (latest === undefined) throw toNotGranted({ grants }, name);
  return latest;
}

export function addGrant(set: AccessSet, grant: GrantRecord): AccessSet {
  return { ...set, grants: [...set.grants, grant] };
}

/** @param who a name, for all its certificates that are good; or one serial number, or how it begins */
export function revokeGrants(
  set: AccessSet,
  who: string,
  now: Date,
): { readonly set: AccessSet; readonly revoked: readonly GrantRecord[] } {
  const serial = toSerialNumber(who);
  const named = set.grants.filter(({ name }) => name === who);
  const numbered = set.grants.filter((grant) => serial.length >= 6 && grant.serial.startsWith(serial));
  if (named.length === 0 && numbered.length > 1)
    throw new AccessError(
      "not-granted",
      `More than one certificate begins with "${who}": write more of its number`,
    );
  const meant = (named.length > 0 ? named : numbered).filter((grant) => isValid(grant, now));
  if (meant.length === 0) throw toNotGranted(set, who);
  const grants = set.grants.map((grant) => (meant.includes(grant) ? { ...grant, revoked: now } : grant));
  return { set: { ...set, grants }, revoked: meant };
}

/** A new authority signs from now on; the one before stays trusted until `finishRotation`. */
export function beginRotation(set: AccessSet, next: AuthorityRecord): AccessSet {
  if (set.authorities.some(({ state }) => state === "retiring"))
    throw new AccessError("rotation-unclear", "Cannot rotate: the rotation before is not finished", {
      hint: "When every machine has both authorities and everybody a new certificate: socle access rotate --finish",
    });
  const retiring = set.authorities.map((authority) => ({ ...authority, state: "retiring" as const }));
  return { ...set, authorities: [...retiring, next] };
}

/** Takes the authority before away, and with it whom it signed. */
export function finishRotation(set: AccessSet): AccessSet {
  const active = findActiveAuthority(set);
  if (set.authorities.length === 1)
    throw new AccessError("rotation-unclear", "There is no rotation to finish", {
      hint: "Begin one: socle access rotate",
    });
  return { authorities: [active], grants: set.grants.filter(({ authority }) => authority === active.id) };
}

/** Those who are let in today, and would not be after `finishRotation`. */
export function listLeftBehind(set: AccessSet, now: Date): readonly GrantRecord[] {
  const { id } = findActiveAuthority(set);
  const isIn = (grant: GrantRecord) => isValid(grant, now);
  const renewed = new Set(
    set.grants.filter((grant) => isIn(grant) && grant.authority === id).map(({ name }) => name),
  );
  return set.grants.filter((grant) => isIn(grant) && grant.authority !== id && !renewed.has(grant.name));
}

function toNotGranted({ grants }: Pick<AccessSet, "grants">, who: string): AccessError {
  const names = [...new Set(grants.filter(({ revoked }) => revoked === null).map(({ name }) => name))];
  return new AccessError("not-granted", `"${who}" has no access that could be changed`, {
    hint:
      names.length === 0 ? "Nobody has any: socle access grant" : `Who has: ${names.toSorted().join(", ")}`,
  });
}

function toDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function quote(name: string): string {
  return /^[\w.@-]+$/.test(name) ? name : `'${name}'`;
}
