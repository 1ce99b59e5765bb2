import { createHash } from "node:crypto";

import { z } from "zod";

import { SocleError } from "#progress/socleError.ts";

import { isSha256, parseSha256, type Sha256 } from "./sha256.ts";

/** One Debian package, exact to the byte. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Which archive of the distribution; mirrors are the host's affair and are never written down. */
  readonly archive: Archive;
  /** Where the archive keeps it, e.g. `pool/main/b/bash/bash_5.2.37-2+b10_amd64.deb`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

export const ARCHIVES = ["debian", "debian-security"] as const;
export type Archive = (typeof ARCHIVES)[number];

/** What was asked for when the lock was made. A lock whose request differs from the definition's is stale. */
export interface LockRequest {
  readonly suite: string;
  readonly components: readonly string[];
  readonly architecture: string;
  /** The definition's packages and those that Socle adds, sorted. */
  readonly packages: readonly string[];
  /** The packages of the tools tree that makes the image, sorted. */
  readonly tools: readonly string[];
}

/** The lock file beside a definition: with it, a build is a function. */
export interface Lock {
  readonly request: LockRequest;
  readonly packages: readonly LockedPackage[];
  readonly tools: readonly LockedPackage[];
}

export class LockError extends SocleError<"lock-missing" | "lock-stale" | "lock-malformed"> {
  override readonly name = "LockError";
}

const lockedPackage = z.strictObject({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  archive: z.enum(ARCHIVES),
  path: z.string().regex(/^pool\/[\w./+~:%-]+\.deb$/),
  sizeBytes: z.int().positive(),
  sha256: z.string().refine(isSha256).transform(parseSha256),
});
const lockFile = z.strictObject({
  apiVersion: z.literal("socle/v1"),
  kind: z.literal("Lock"),
  request: z.strictObject({
    suite: z.string(),
    components: z.array(z.string()),
    architecture: z.string(),
    packages: z.array(z.string()),
    tools: z.array(z.string()),
  }),
  packages: z.array(lockedPackage),
  tools: z.array(lockedPackage),
});

export function parseLock(text: string, file: string): Lock {
  const hint = "Make it anew: socle lock";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LockError("lock-malformed", `Cannot read lock "${file}": it is not JSON`, { cause, hint });
  }
  const parsed = lockFile.safeParse(json);
  if (!parsed.success) {
    throw new LockError("lock-malformed", `Cannot read lock "${file}":\n${z.prettifyError(parsed.error)}`, {
      hint,
    });
  }
  const { request, packages, tools } = parsed.data;
  return { request, packages, tools };
}

/** One package a line, so that a version control system shows what changed. */
export function encodeLock(lock: Lock): string {
  const rows = (packages: readonly LockedPackage[]) =>
    packages.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  const request = JSON.stringify(lock.request, null, 2).replaceAll("\n", "\n  ");
  return `{
  "apiVersion": "socle/v1",
  "kind": "Lock",
  "request": ${request},
  "packages": [
${rows(lock.packages)}
  ],
  "tools": [
${rows(lock.tools)}
  ]
}
`;
}

/** Names everything one installation depends on; equal digests mean equal packages. */
export function digestPackages(packages: readonly LockedPackage[]): Sha256 {
  const hash = createHash("sha256");
  for (const { name, sha256 } of packages) hash.update(`${name} ${sha256}\n`);
  return parseSha256(hash.digest("hex"));
}

/** What differs between what a lock was made for and what is wanted now, one sentence each. */
export function findLockChanges(locked: LockRequest, wanted: LockRequest): string[] {
  return [
    ...scalarChange("suite", locked.suite, wanted.suite),
    ...scalarChange("architecture", locked.architecture, wanted.architecture),
    ...listChanges("component", locked.components, wanted.components),
    ...listChanges("package", locked.packages, wanted.packages),
    ...listChanges("build tool", locked.tools, wanted.tools),
  ];
}

/** Throws when the lock was made for something else. */
export function verifyLockIsFresh(lock: Lock, wanted: LockRequest, file: string): void {
  const changes = findLockChanges(lock.request, wanted);
  if (changes.length === 0) return;
  throw new LockError(
    "lock-stale",
    `Lock "${file}" does not belong to this definition any more:\n${changes.map((line) => `  ${line}`).join("\n")}`,
    {
      hint: "Resolve the packages anew: socle lock",
    },
  );
}

function scalarChange(what: string, was: string, is: string): string[] {
  return was === is ? [] : [`${what}: locked for "${was}", now "${is}"`];
}

function listChanges(what: string, was: readonly string[], is: readonly string[]): string[] {
  const before = new Set(was);
  const after = new Set(is);
  return [
    ...is.filter((name) => !before.has(name)).map((name) => `${what} "${name}" was added`),
    ...was.filter((name) => !after.has(name)).map((name) => `${what} "${name}" was removed`),
  ];
}
