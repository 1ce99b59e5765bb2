import { join } from "node:path";

import { hashFile, hashSources } from "#system/files.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";
import type { Sha256 } from "#release/sha256.ts";

/** Socle itself: what makes releases and goes into them. */
export interface BuilderDigests {
  /** Over path and content of each TypeScript file of src. */
  readonly sources: Sha256;
  /** Of package-lock.json, which holds the digest of each module. */
  readonly dependencies: Sha256;
}

let known: Promise<BuilderDigests> | undefined;

/** Read once per process: the sources that run do not change any more. */
export async function hashBuilder(): Promise<BuilderDigests> {
  return (known ??= read());
}

async function read(): Promise<BuilderDigests> {
  const [sources, dependencies] = await Promise.all([
    hashSources(join(PROJECT_ROOT, "src")),
    hashFile(join(PROJECT_ROOT, "package-lock.json")),
  ]);
  return { sources, dependencies };
}
