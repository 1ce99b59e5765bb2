import type { ReleaseContents } from "../contents.ts";
import type { ReleaseManifest } from "../manifest.ts";
import type { PackageListEntry } from "../packages.ts";
import type { ComparedSystem, Json } from "./comparedSystem.ts";

const DIGEST_ONLY = "keeps only the digest of it";

/** The lists that lie beside a manifest: a release of an older Socle has its packages only. */
export type ReleaseLists =
  | { readonly contents: ReleaseContents }
  | {
      readonly contents?: never;
      readonly packages?: readonly PackageListEntry[];
      /** Why there are no contents, as the end of a sentence that begins with the release. */
      readonly missing: string;
    };

export function toComparedRelease(manifest: ReleaseManifest, lists: ReleaseLists): ComparedSystem {
  const { artifacts, sizes, kernelVersion, kernelCommandLine, ...rest } = manifest;
  const { apiVersion: _apiVersion, kind: _kind, id, version, rootHash, ...properties } = rest;
  const { contents } = lists;
  const packages = contents === undefined ? lists.packages : contents.packages;
  const missing = contents === undefined ? lists.missing : "";
  return {
    kind: "release",
    id,
    version,
    ...(rootHash === undefined ? {} : { rootHash }),
    properties: flatten(properties),
    kernel: { version: kernelVersion, commandLine: kernelCommandLine },
    artifacts: { files: artifacts, sizes },
    ...(packages === undefined ? {} : { packages }),
    ...(contents === undefined
      ? {}
      : {
          fixes: contents.fixes,
          units: contents.units,
          files: { entries: contents.files, hasContents: true, leftOut: ["/boot", "/var"] },
          listeners: {
            evidence: "declared",
            entries: contents.listeners.map(({ unit, ...listener }) => ({ ...listener, by: unit })),
          },
        }),
    unknown: {
      packages: "has no list of its packages",
      fixes: missing,
      units: missing,
      listeners: missing,
      files: missing,
      definition: DIGEST_ONLY,
      lock: DIGEST_ONLY,
    },
  };
}

/** `{ policies: { usr: "verified" } }` → `{ "policies.usr": "verified" }`. */
function flatten(section: object, above = ""): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(section).flatMap(([key, entry]: [string, Json | undefined]): [string, Json][] => {
      const isSection = typeof entry === "object" && entry !== null && !Array.isArray(entry);
      if (isSection) return Object.entries(flatten(entry, `${above}${key}.`));
      return entry === undefined ? [] : [[above + key, entry]];
    }),
  );
}
