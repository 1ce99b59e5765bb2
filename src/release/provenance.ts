import { createHash } from "node:crypto";

import type { Checksum } from "./checksums.ts";
import type { LockedPackage } from "./lock.ts";
import { toPackageUrl } from "./packageUrl.ts";
import type { Sha256 } from "./sha256.ts";

/**
 * How a release was built: in-toto Statement v1 with the predicate SLSA Provenance v1. Nothing in it
 * is of the run, only of what went in and came out, so a build that is done again says the same:
 * not here are times, hosts and users. docs/provenance.md has the fields.
 */
export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
export const PREDICATE_TYPE = "https://slsa.dev/provenance/v1";
/** Of the DSSE envelope. */
export const PROVENANCE_PAYLOAD_TYPE = "application/vnd.in-toto+json";
/** What the parameters and steps below mean. */
export const BUILD_TYPE = "urn:socle:build:v1";
/** Whose word it is: that of whoever holds the provenance key; there is no build service behind it. */
export const BUILDER_ID = "urn:socle:builder:v1";

export interface ProvenanceInput {
  /** Every artifact, and the manifest. */
  readonly subjects: readonly Checksum[];
  readonly definition: { readonly id: string; readonly version: string; readonly sha256: Sha256 };
  readonly lock: { readonly sha256: Sha256 };
  readonly image: LockedSuite;
  readonly tools: LockedSuite;
  readonly builder: {
    /** By name, e.g. `{ socle: "0.1.0" }`. */
    readonly versions: Readonly<Record<string, string>>;
    /** Of Socle itself: its sources, the list of the modules it uses. */
    readonly sources: readonly Checksum[];
  };
  /** By step, the command lines that made its result; none where a step calls no tool. */
  readonly commands: ReadonlyMap<string, readonly (readonly string[])[]>;
}

export interface LockedSuite {
  /** Of Debian, e.g. `trixie`. */
  readonly suite: string;
  readonly packages: readonly LockedPackage[];
}

/** JSON, for an envelope to sign. The same input gives the same bytes. */
export function encodeProvenance(input: ProvenanceInput): string {
  const { definition, lock, image, tools, builder } = input;
  return JSON.stringify({
    _type: STATEMENT_TYPE,
    subject: sortByName(input.subjects).map(toResource),
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          definition: {
            id: definition.id,
            version: definition.version,
            digest: { sha256: definition.sha256 },
          },
          lock: { digest: { sha256: lock.sha256 } },
        },
        resolvedDependencies: [
          ...sortByName(builder.sources).map(toResource),
          ...toPackageResources(image, "image"),
          ...toPackageResources(tools, "tools"),
        ],
      },
      runDetails: {
        builder: {
          id: BUILDER_ID,
          version: Object.fromEntries(Object.entries(builder.versions).toSorted(byKey)),
        },
        byproducts: [toCommandsResource(input.commands)],
      },
    },
  });
}

/** A ResourceDescriptor of in-toto. */
function toResource({ name, sha256 }: Checksum): object {
  return { name, digest: { sha256 } };
}

function toPackageResources({ suite, packages }: LockedSuite, use: "image" | "tools"): object[] {
  return sortByName(packages).map((locked) => ({
    uri: toPackageUrl(locked, { id: "debian", release: suite }),
    digest: { sha256: locked.sha256 },
    annotations: { use },
  }));
}

export const COMMANDS_NAME = "commands.json";

function toCommandsResource(commands: ProvenanceInput["commands"]): object {
  const content = Buffer.from(JSON.stringify(Object.fromEntries([...commands].toSorted(byKey))));
  return {
    name: COMMANDS_NAME,
    mediaType: "application/json",
    digest: { sha256: createHash("sha256").update(content).digest("hex") },
    content: content.toString("base64"),
  };
}

function sortByName<T extends { readonly name: string }>(values: readonly T[]): T[] {
  return values.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}
