import { z } from "zod";

import { UNIT_STATES, type ContentsFile, type ReleaseContents } from "./contents.ts";
import { ReleaseError } from "./releaseError.ts";

const text = z.string().min(1);
const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "wanted 64 lower-case hex digits");

const file = z
  .strictObject({
    path: z.string().regex(/^\/[^\0]*$/, "wanted an absolute path"),
    type: z.enum(["file", "directory", "symlink", "character-device", "block-device", "fifo", "socket"]),
    mode: z.int().min(0).max(0o7777),
    uid: count,
    gid: count,
    sizeBytes: count.optional(),
    sha256: sha256.optional(),
    target: text.optional(),
    capabilities: z
      .string()
      .regex(/^([0-9a-f]{2})+$/, "wanted lower-case hex digits")
      .optional(),
  })
  .superRefine(({ path, type, sizeBytes, sha256: digest, target }, context) => {
    const isFile = type === "file";
    if (isFile !== (sizeBytes !== undefined) || isFile !== (digest !== undefined))
      context.addIssue({
        code: "custom",
        message: `size and SHA-256 belong to a file: "${path}" is a ${type}`,
      });
    if ((type === "symlink") !== (target !== undefined))
      context.addIssue({ code: "custom", message: `a target belongs to a symlink: "${path}" is a ${type}` });
  });

const contents = z
  .strictObject({
    apiVersion: z.literal("socle/v1"),
    kind: z.literal("ReleaseContents"),
    id: text,
    version: text,
    packages: z.array(
      z.strictObject({
        name: text,
        version: text,
        architecture: text,
        source: text,
        sourceVersion: text,
        licences: z.array(text),
      }),
    ),
    files: z.array(file),
    units: z.array(
      z.strictObject({
        name: text,
        state: z.enum(UNIT_STATES),
      }),
    ),
    listeners: z.array(
      z.strictObject({
        unit: text,
        protocol: z.enum(["tcp", "udp"]),
        port: z.int().min(1).max(65_535),
        address: text,
      }),
    ),
    fixes: z.record(
      text,
      z.array(
        z.strictObject({
          version: text,
          cves: z.array(z.string().regex(/^CVE-\d{4}-\d{4,}$/, "wanted CVE-YEAR-NUMBER")).min(1),
        }),
      ),
    ),
  })
  .superRefine(({ files }, context) => {
    const twice = files.find(
      ({ path }, index) => index > 0 && path <= (files[index - 1] as ContentsFile).path,
    );
    if (twice !== undefined)
      context.addIssue({
        code: "custom",
        path: ["files"],
        message: `"${twice.path}" is there twice, or not in order`,
      });
  });

/** `ID_VERSION.contents.json`. Every problem is reported, with its place. */
export function parseContents(source: string): ReleaseContents {
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch (cause) {
    throw new ReleaseError("contents-malformed", "Cannot read a release's contents: it is not JSON", {
      cause,
    });
  }
  const parsed = contents.safeParse(json);
  // Zod's optional keys may hold undefined by their type; from JSON they are left out instead.
  if (parsed.success) return parsed.data as ReleaseContents;
  throw new ReleaseError(
    "contents-malformed",
    `Cannot read a release's contents:\n${z.prettifyError(parsed.error)}`,
  );
}

/** One entry a line, so that a comparison of two texts shows what changed. The same contents give the same bytes. */
export function encodeContents(value: ReleaseContents): string {
  const { id, version, packages, files, units, listeners, fixes } = value;
  const byPath = files.toSorted((a, b) => compare(a.path, b.path));
  const byName = packages.toSorted(
    (a, b) => compare(a.name, b.name) || compare(a.architecture, b.architecture),
  );
  const sources = Object.keys(fixes).toSorted();
  return `{
  "apiVersion": "socle/v1",
  "kind": "ReleaseContents",
  "id": ${JSON.stringify(id)},
  "version": ${JSON.stringify(version)},
  "packages": ${toRows(byName, PACKAGE_KEYS)},
  "files": ${toRows(byPath, FILE_KEYS)},
  "units": ${toRows(
    units.toSorted((a, b) => compare(a.name, b.name)),
    ["name", "state"],
  )},
  "listeners": ${toRows(listeners, ["unit", "protocol", "port", "address"])},
  "fixes": ${toLines(
    "{",
    sources.map(
      (source) => `${JSON.stringify(source)}: ${JSON.stringify(fixes[source], ["version", "cves"])}`,
    ),
    "}",
  )}
}
`;
}

const PACKAGE_KEYS = ["name", "version", "architecture", "source", "sourceVersion", "licences"];
const FILE_KEYS = ["path", "type", "mode", "uid", "gid", "sizeBytes", "sha256", "target", "capabilities"];

/** Only these keys, in this order, whatever the order in the values. */
function toRows(values: readonly object[], keys: string[]): string {
  return toLines(
    "[",
    values.map((value) => JSON.stringify(value, keys)),
    "]",
  );
}

function toLines(open: string, lines: readonly string[], close: string): string {
  return lines.length === 0
    ? `${open}${close}`
    : `${open}\n${lines.map((line) => `    ${line}`).join(",\n")}\n  ${close}`;
}

/** By code units: the locale must not matter. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
