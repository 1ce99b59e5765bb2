import { Metadata, MetadataKind, type Root } from "@tufjs/models";

import { RepositoryError } from "./repositoryError.ts";

/** Root metadata by version, as the bytes of the files `N.root.json`. */
export type RootFiles = ReadonlyMap<number, Uint8Array>;

/**
 * Follows the chain of root metadata (TUF 1.0, 5.3): each version is signed by enough keys of the
 * one before and by enough of its own. Returns the versions in order; what breaks the chain ends it.
 */
export function followRoots(files: RootFiles, problems: string[]): Metadata<Root>[] {
  const chain: Metadata<Root>[] = [];
  for (let version = 1; ; version++) {
    const bytes = files.get(version);
    if (bytes === undefined) break;
    try {
      const root = parseRoot(bytes);
      if (root.signed.version !== version)
        throw new Error(`it says that it is version ${root.signed.version}`);
      chain.at(-1)?.verifyDelegate("root", root);
      root.verifyDelegate("root", root);
      chain.push(root);
    } catch (error) {
      problems.push(`${version}.root.json cannot be trusted: ${toReason(error)}`);
      return chain;
    }
  }
  const beyond = [...files.keys()].filter((version) => version > chain.length);
  if (chain.length === 0) problems.push("1.root.json is missing: trust begins there");
  else if (beyond.length > 0)
    problems.push(`${chain.length + 1}.root.json is missing, but there is ${Math.max(...beyond)}.root.json`);
  return chain;
}

/** Throws what @tufjs/models throws. */
export function parseRoot(bytes: Uint8Array): Metadata<Root> {
  return Metadata.fromJSON(MetadataKind.Root, parseJson(bytes));
}

/**
 * The root metadata that the repository does not have yet. The key folder must have all versions
 * that the repository has, with the same bytes: otherwise it is another project's, an old copy, or
 * two people have changed the keys independently.
 */
export function planRoots(repository: RootFiles, keyFolder: RootFiles): RootFiles {
  for (const [version, bytes] of [...repository].toSorted(([a], [b]) => a - b)) {
    const known = keyFolder.get(version);
    if (known === undefined) {
      throw new RepositoryError(
        "root-older",
        `Cannot publish with these keys: their newest root metadata is version ${Math.max(0, ...keyFolder.keys())}, the repository has version ${Math.max(...repository.keys())}`,
        { hint: "Use the key folder in which the keys were last rotated." },
      );
    }
    if (Buffer.from(known).equals(bytes)) continue;
    if (version === 1) {
      throw new RepositoryError(
        "other-project",
        "Cannot publish with these keys: this is the repository of another project, its trust begins with other keys",
        { hint: "Name another folder (--repository), or the keys of that project (--keys)." },
      );
    }
    throw new RepositoryError(
      "root-differs",
      `Cannot publish with these keys: their ${version}.root.json is not that of the repository`,
      {
        hint: "Its keys were changed in two places: use the folder from which the repository has its root metadata.",
      },
    );
  }
  return new Map([...keyFolder].filter(([version]) => !repository.has(version)));
}

/** Bytes that a stranger may have written, as an object. */
export function parseJson(bytes: Uint8Array): Parameters<typeof Metadata.fromJSON>[1] {
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("it is not a JSON object");
  return value as Parameters<typeof Metadata.fromJSON>[1]; // JSON.parse gives nothing but JSON
}

export function toReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
