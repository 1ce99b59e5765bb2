import { z } from "zod";

import {
  ETC_POLICIES,
  EXECUTION_CONTROLS,
  LEVELS,
  toLevelName,
  USR_POLICIES,
  VAR_POLICIES,
} from "#definition/levels.ts";

import { encodeCanonicalJson } from "./canonicalJson.ts";
import { ReleaseError } from "./releaseError.ts";
import { ARTIFACTS, type ArtifactKind } from "./releaseNames.ts";
import { isSha256, type Sha256 } from "./sha256.ts";

/**
 * What a release is: `ID_VERSION.manifest.json`. Everything in it follows from definition and lock,
 * so two builds give the same bytes; it knows no build time, host or user. It cannot list itself
 * nor SHA256SUMS.
 */
const sha256 = z.custom<Sha256>((value) => typeof value === "string" && isSha256(value), {
  error: "wanted 64 lower-case hex digits",
});
const bytes = z.int().nonnegative();

const artifact = z.strictObject({
  kind: z.enum(Object.keys(ARTIFACTS) as [ArtifactKind, ...ArtifactKind[]]), // the keys of ARTIFACTS, at least one
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+~^-]*$/, "wanted a plain file name"),
  sizeBytes: bytes,
  sha256,
});

const manifest = z
  .strictObject({
    apiVersion: z.literal("socle/v1"),
    kind: z.literal("ReleaseManifest"),
    id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'wanted lower-case letters, digits, "." and "-"'),
    version: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.~^-]*$/, 'wanted a version without "_" and "+" (UAPI.10)'),
    level: z.enum([...(Object.keys(LEVELS) as (keyof typeof LEVELS)[]), "custom"]),
    policies: z.strictObject({
      usr: keysOf(USR_POLICIES),
      etc: keysOf(ETC_POLICIES),
      var: keysOf(VAR_POLICIES),
    }),
    executionControl: z.enum(EXECUTION_CONTROLS),
    /** With which keys the release was signed. */
    signing: z.strictObject({
      /** Made by themselves to try things out: no machine that matters should trust them. */
      development: z.boolean(),
      /** SHA-256 of the certificate (DER) that boot loader, kernel image and root hash are signed with. */
      secureBootCertificate: sha256,
    }),
    /** Debian suite, e.g. `trixie`. */
    suite: z.string().min(1),
    /** Of dm-verity; absent where /usr is writable. */
    rootHash: sha256.optional(),
    /** As `uname -r` prints it. */
    kernelVersion: z.string().min(1),
    kernelCommandLine: z.string(),
    /** RFC 3339, whole seconds, UTC. */
    sourceDate: z.iso.datetime({ precision: 0 }),
    /** SHA-256 of the resolved definition and of the lock. */
    definitionDigest: sha256,
    lockDigest: sha256,
    artifacts: z.array(artifact),
    /** The disk this release was laid out for; a machine compares them with its own slots. */
    sizes: z.strictObject({
      diskBytes: bytes,
      espBytes: bytes,
      rootSlotBytes: bytes,
      veritySlotBytes: bytes,
    }),
  })
  .superRefine((value, context) => {
    const report = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    const isVerified = value.policies.usr === "verified";
    if (isVerified !== (value.rootHash !== undefined)) {
      report("rootHash", isVerified ? "missing, but /usr is verified" : "there, but /usr is writable");
    }
    const level = toLevelName(value.policies);
    if (level !== value.level)
      report("level", `is "${value.level}", but its policies are those of "${level}"`);
    for (const key of ["kind", "name"] as const) {
      if (new Set(value.artifacts.map((entry) => entry[key])).size < value.artifacts.length) {
        report("artifacts", `two of them have the same ${key}`);
      }
    }
    if (value.artifacts.some((entry) => entry.kind === "manifest" || entry.kind === "provenance"))
      report("artifacts", "a manifest cannot list itself, nor the provenance that names it");
  });

export type ReleaseManifest = Readonly<z.infer<typeof manifest>>;
export type ReleaseArtifact = ReleaseManifest["artifacts"][number];

/** Throws when the manifest would not be read back: a wrong one is not written. */
export function encodeManifest(value: ReleaseManifest): string {
  const artifacts = value.artifacts.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const text = encodeCanonicalJson({ ...value, artifacts });
  parseManifest(text);
  return text;
}

export function parseManifest(text: string): ReleaseManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ReleaseError("manifest-malformed", "Cannot read the release manifest: it is not JSON", {
      cause,
    });
  }
  const { apiVersion } = z.object({ apiVersion: z.unknown() }).catch({ apiVersion: undefined }).parse(json);
  if (typeof apiVersion === "string" && apiVersion !== "socle/v1") {
    throw new ReleaseError(
      "manifest-unsupported",
      `Cannot read the release manifest: its apiVersion is "${apiVersion}", this program reads "socle/v1"`,
      { hint: "Use a newer Socle to read this release." },
    );
  }
  const parsed = manifest.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ReleaseError(
    "manifest-malformed",
    `Cannot read the release manifest:\n${z.prettifyError(parsed.error)}`,
  );
}

/** `sourceDateEpoch`: seconds since 1970. */
export function toSourceDate(sourceDateEpoch: number): string {
  return new Date(sourceDateEpoch * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

function keysOf<const Table extends Record<string, unknown>>(table: Table) {
  return z.enum(Object.keys(table) as (keyof Table & string)[]); // exactly the keys of the table
}
