/** Releases to update to: built, or made from one that was built. */
import { join } from "node:path";

import type { SystemChanges } from "#definition/systemInput.ts";
import { encodeChecksums } from "#release/checksums.ts";
import { encodeManifest, type ReleaseArtifact, type ReleaseManifest } from "#release/manifest.ts";
import { CHECKSUMS_NAME, toArtifactName, type ArtifactKind } from "#release/releaseNames.ts";
import { hashBytes, hashFile, linkOrCopy, makeFolder, writeAtomic } from "#system/files.ts";
import type { ReleaseToPublish } from "#system/publishRelease.ts";

import { buildTestSystem, type TestSystem } from "./harness.ts";
import { TEST_SYSTEM } from "./testSystem.ts";

export const UPDATE_ID = "test-update";

/** A version of the system under test. All of them have the same packages, so that one tree serves them. */
export async function buildUpdateSystem(version: string, changes: SystemChanges = {}): Promise<TestSystem> {
  return buildTestSystem("sealed", {
    id: UPDATE_ID,
    version,
    ...changes,
    health: { soak: "0s", ...changes.health },
    files: { ...TEST_SYSTEM.files, "/usr/lib/test/release": `${version}\n` },
  });
}

/** What a release gets in place of what its source has. */
export interface ReleaseChanges {
  readonly version?: string;
  readonly kernel?: { readonly bytes: Uint8Array; readonly commandLine: string };
  /** A file in place of the root; its root hash stays that of the source. */
  readonly root?: { readonly file: string; readonly sizeBytes: number };
}

/** The whole disks, which no machine fetches and which are long to hash, and what would name the others by other digests. */
const LEFT_OUT: ReadonlySet<ArtifactKind> = new Set(["disk", "disk-qcow2", "provenance"]);

/** A release as it is published: files under the names of its version, with a manifest and checksums that fit. */
export async function deriveRelease(
  { folder: from, manifest: source }: Pick<TestSystem, "folder" | "manifest">,
  folder: string,
  { version = source.version, kernel, root }: ReleaseChanges = {},
): Promise<ReleaseToPublish> {
  await makeFolder(folder);
  const artifacts: ReleaseArtifact[] = [];
  for (const artifact of source.artifacts) {
    const { kind } = artifact;
    if (LEFT_OUT.has(kind)) continue;
    const name = artifact.name.replace(`_${source.version}`, `_${version}`);
    const file = join(folder, name);
    if (kind === "uki" && kernel !== undefined) {
      const { bytes } = kernel;
      await writeAtomic(file, bytes);
      artifacts.push({ kind, name, sizeBytes: bytes.length, sha256: hashBytes(bytes) });
    } else if (kind === "root" && root !== undefined) {
      await linkOrCopy(root.file, file);
      artifacts.push({ kind, name, sizeBytes: root.sizeBytes, sha256: await hashFile(file) });
    } else {
      await linkOrCopy(join(from, artifact.name), file);
      artifacts.push({ ...artifact, name });
    }
  }
  const manifest: ReleaseManifest = {
    ...source,
    version,
    kernelCommandLine: kernel?.commandLine ?? source.kernelCommandLine,
    artifacts,
  };
  const text = encodeManifest(manifest);
  const manifestFile = { name: toArtifactName("manifest", manifest), sha256: hashBytes(text) };
  await writeAtomic(join(folder, manifestFile.name), text);
  await writeAtomic(join(folder, CHECKSUMS_NAME), encodeChecksums([...artifacts, manifestFile]));
  return { folder, manifest };
}
