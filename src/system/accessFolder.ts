import { X509Certificate } from "node:crypto";
import { chmod, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { ROLES, type Role } from "#protocol/methodRoles.ts";
import { AccessError } from "#trust/accessError.ts";
import {
  addGrant,
  beginRotation,
  findActiveAuthority,
  findRenewable,
  finishRotation,
  revokeGrants,
  verifyNewName,
  type AccessSet,
  type AuthorityRecord,
  type GrantRecord,
} from "#trust/accessSet.ts";
import {
  createCertificateAuthority,
  exportCertificateAuthority,
  issueClientCertificate,
  openCertificateAuthority,
  type CertificateAuthority,
  type KeyedCertificate,
} from "#trust/certificates.ts";
import { createRevocationList } from "#trust/createRevocationList.ts";
import { toFingerprint } from "#trust/fingerprint.ts";
import { KeyError } from "#trust/keyError.ts";
import { toSerialNumber } from "#trust/serialNumber.ts";

import { withFileLock } from "./fileLock.ts";
import { exists, readIfPresent, readText, remove, writeAtomic } from "./files.ts";

const DAY_MS = 86_400_000;
/** Machines keep an authority for years; people's certificates are short-lived. */
const AUTHORITY_DAYS = 3_650;
export const MAX_GRANT_DAYS = 365;
/** What has ended need not be on a list, but for machines whose clock is behind. */
const CLOCK_BEHIND_MS = 30 * DAY_MS;

const date = z.iso.datetime().transform((text) => new Date(text));
const fileSchema = z.strictObject({
  apiVersion: z.literal("socle/v1"),
  kind: z.literal("AccessSet"),
  authorities: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[0-9a-f]{12}$/), // part of a file's name
        certificate: z.string().startsWith("-----BEGIN CERTIFICATE-----"),
        state: z.enum(["active", "retiring"]),
        listNumber: z.int().min(1),
      }),
    )
    .refine((all) => all.filter(({ state }) => state === "active").length === 1, "wanted one that is active"),
  grants: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(ROLES),
      serial: z.string().regex(/^[0-9A-F]+$/),
      authority: z.string(),
      expires: date,
      revoked: date.nullable(),
    }),
  ),
});

export interface Granted {
  readonly grant: GrantRecord;
  readonly certificate: KeyedCertificate;
  /** PEM. */
  readonly authority: string;
}

const setFile = (folder: string) => join(folder, "access.json");
const keyFile = (folder: string, id: string) => join(folder, "private", `${id}.pem`);
const revocationsFile = (folder: string) => join(folder, "revocations.pem");

/** Makes an authority in a folder that has none. */
export async function createAccessFolder(
  folder: string,
  { name, now }: { name: string; now: Date },
): Promise<AccessSet> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return withAccessLock(folder, async () => {
    if (await exists(setFile(folder)))
      throw new AccessError(
        "access-exists",
        `Cannot make an authority in "${folder}": there is one already`,
        {
          hint: "Name another folder with --access, or make a new one beside it: socle access rotate",
        },
      );
    await chmod(folder, 0o700);
    const authority = await makeAuthority(folder, name, now);
    return store(folder, { authorities: [authority], grants: [] }, now);
  });
}

export async function readAccessFolder(folder: string): Promise<AccessSet> {
  const file = setFile(folder);
  const text = await readIfPresent(file);
  if (text === undefined)
    throw new AccessError("access-missing", `There is no authority in "${folder}": it has no access.json`, {
      hint: "Make one: socle access init",
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new AccessError("access-malformed", `Cannot read "${file}": it is not JSON`);
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `  ${path.join(".") || "the document"}: ${message}`,
  );
  throw new AccessError("access-malformed", [`Cannot read "${file}":`, ...problems].join("\n"));
}

/** What machines need of it; PEM, and nothing of it is secret. */
export async function readMachineTrust(
  folder: string,
): Promise<{ authorities: readonly string[]; revocations: string }> {
  const { authorities } = await readAccessFolder(folder);
  return {
    authorities: authorities.map(({ certificate }) => certificate),
    revocations: await readText(revocationsFile(folder)),
  };
}

export async function grantAccess(
  folder: string,
  { name, role, days, now }: { name: string; role: Role; days: number; now: Date },
): Promise<Granted> {
  return withAccessLock(folder, async () => {
    const set = await readAccessFolder(folder);
    verifyNewName(set, name, now);
    return issue(folder, set, { name, role, days, now });
  });
}

/** Another certificate with the same role and a new key; the one before stays good until it ends. */
export async function renewAccess(
  folder: string,
  { name, days, now }: { name: string; days: number; now: Date },
): Promise<Granted> {
  return withAccessLock(folder, async () => {
    const set = await readAccessFolder(folder);
    const { role } = findRenewable(set, name);
    return issue(folder, set, { name, role, days, now });
  });
}

/** @param who a name, or the beginning of a serial number */
export async function revokeAccess(folder: string, who: string, now: Date): Promise<readonly GrantRecord[]> {
  return withAccessLock(folder, async () => {
    const { set, revoked } = revokeGrants(await readAccessFolder(folder), who, now);
    await store(folder, set, now);
    return revoked;
  });
}

export async function rotateAuthority(
  folder: string,
  { name, now }: { name: string; now: Date },
): Promise<AccessSet> {
  return withAccessLock(folder, async () => {
    const set = await readAccessFolder(folder);
    const next: AuthorityRecord = { id: "000000000000", certificate: "", state: "active", listNumber: 1 };
    beginRotation(set, next); // before a key is made
    return store(folder, beginRotation(set, await makeAuthority(folder, name, now)), now);
  });
}

/** Its private key goes too: nothing can be signed with the old authority any more. */
export async function finishAuthorityRotation(folder: string, now: Date): Promise<AccessSet> {
  return withAccessLock(folder, async () => {
    const set = await readAccessFolder(folder);
    const finished = await store(folder, finishRotation(set), now);
    for (const { id, state } of set.authorities) if (state === "retiring") await remove(keyFile(folder, id));
    return finished;
  });
}

async function issue(
  folder: string,
  set: AccessSet,
  { name, role, days, now }: { name: string; role: string; days: number; now: Date },
): Promise<Granted> {
  if (days > MAX_GRANT_DAYS)
    throw new AccessError(
      "lifetime-too-long",
      `Cannot grant access for ${days} days: at most ${MAX_GRANT_DAYS}`,
      {
        hint: "A certificate can be renewed at any time: socle access renew",
      },
    );
  const active = findActiveAuthority(set);
  const authority = await openAuthority(folder, active);
  const { validToDate } = new X509Certificate(active.certificate);
  if (now.getTime() + days * DAY_MS > validToDate.getTime())
    throw new AccessError(
      "lifetime-too-long",
      `Cannot grant access for ${days} days: the authority ends before`,
      {
        hint: "Make a new one: socle access rotate",
      },
    );
  const certificate = await issueClientCertificate(authority, { name, role, now, days });
  const { serialNumber, validToDate: expires } = new X509Certificate(certificate.cert);
  const grant = {
    name,
    role,
    serial: toSerialNumber(serialNumber),
    authority: active.id,
    expires,
    revoked: null,
  };
  await writeSet(folder, addGrant(set, grant));
  return { grant, certificate, authority: active.certificate };
}

async function makeAuthority(folder: string, name: string, now: Date): Promise<AuthorityRecord> {
  const { cert, key } = await exportCertificateAuthority(
    await createCertificateAuthority(name, { now, days: AUTHORITY_DAYS }),
  );
  const id = toFingerprint(cert).slice("sha256:".length, "sha256:".length + 12);
  await mkdir(join(folder, "private"), { recursive: true, mode: 0o700 });
  await writeAtomic(keyFile(folder, id), key, 0o600);
  return { id, certificate: cert, state: "active", listNumber: 1 };
}

async function openAuthority(
  folder: string,
  { id, certificate }: AuthorityRecord,
): Promise<CertificateAuthority> {
  const path = keyFile(folder, id);
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined)
    throw new KeyError("key-missing", `Cannot sign: the private key "${path}" is not there`, {
      hint: "Bring it back from your backup, or make a new authority: socle access rotate",
    });
  if ((entry.mode & 0o077) !== 0)
    throw new KeyError(
      "key-file-exposed",
      `Cannot use "${path}": others than its owner may read or write it`,
      {
        hint: `If nobody has read it: chmod 600 "${path}"; otherwise: socle access rotate`,
      },
    );
  try {
    return await openCertificateAuthority({ cert: certificate, key: await readText(path) });
  } catch {
    throw new KeyError(
      "key-malformed",
      `Cannot read "${path}": it is not the private key of the authority ${id}`,
    );
  }
}

/** The lists first: interrupted between the two, more is revoked than is written down, never less. */
async function store(folder: string, set: AccessSet, now: Date): Promise<AccessSet> {
  const lists: string[] = [];
  const authorities: AuthorityRecord[] = [];
  for (const record of set.authorities) {
    const authority = { ...record, listNumber: record.listNumber + 1 };
    const revoked = set.grants.flatMap(({ authority: id, serial, revoked: at, expires }) =>
      id === record.id && at !== null && expires.getTime() + CLOCK_BEHIND_MS > now.getTime()
        ? [{ serial, at }]
        : [],
    );
    // Until every certificate of today has ended nothing newer need be asked for.
    const nextUpdate = new Date(now.getTime() + (MAX_GRANT_DAYS + 1) * DAY_MS);
    const content = { revoked, number: authority.listNumber, now, nextUpdate };
    lists.push(await createRevocationList(await openAuthority(folder, record), content));
    authorities.push(authority);
  }
  await writeAtomic(revocationsFile(folder), lists.join(""));
  const stored = { ...set, authorities };
  await writeSet(folder, stored);
  return stored;
}

async function writeSet(folder: string, set: AccessSet): Promise<void> {
  const content = { apiVersion: "socle/v1", kind: "AccessSet", ...set };
  await writeAtomic(setFile(folder), `${JSON.stringify(content, undefined, 2)}\n`, 0o600);
}

/** One at a time: of two changes at once one would be forgotten. */
async function withAccessLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return withFileLock(join(folder, ".lock"), work);
}
