import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { LEVELS } from "#definition/levels.ts";
import { encodeChecksums, type Checksum } from "#release/checksums.ts";
import { encodeManifest, toSourceDate, type ReleaseManifest } from "#release/manifest.ts";
import { encodeProvenance, PROVENANCE_PAYLOAD_TYPE } from "#release/provenance.ts";
import { CHECKSUMS_NAME, toArtifactName, type ArtifactKind } from "#release/releaseNames.ts";
import { signDsse, type DsseSigner } from "#trust/dsse.ts";

import { hashBytes } from "./files.ts";

const DIGEST = hashBytes("");

export interface TinyReleaseOptions {
  readonly id?: string;
  readonly version?: string;
  /** Makes the content, and nothing else, differ. */
  readonly salt?: string;
  /** Who vouches for how it was built; without one, nobody does. */
  readonly builder?: DsseSigner;
  /** Not all that a release has, where the number of files makes no difference. */
  readonly only?: readonly ArtifactKind[];
}

/** A folder with all that a release has, true manifest and checksums, and a few bytes in place of each image. */
export async function makeTinyRelease(
  folder: string,
  { id = "tiny", version = "1.0", salt = "", builder, only }: TinyReleaseOptions = {},
): Promise<{ folder: string; manifest: ReleaseManifest }> {
  const release = { id, version };
  const rootHash = hashBytes(`root hash of ${id} ${version} ${salt}`);
  const toUuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const rootUuid = toUuid(rootHash.slice(0, 32));
  const verityUuid = toUuid(rootHash.slice(32));
  const payload = (kind: string) => `${kind} of ${id} ${version} ${salt}\n`.repeat(50);
  const all = [
    { kind: "root", name: toArtifactName("root", release, rootUuid), content: payload("root") },
    { kind: "verity", name: toArtifactName("verity", release, verityUuid), content: payload("verity") },
    { kind: "uki", name: toArtifactName("uki", release), content: payload("uki") },
    // Mostly a hole, as disks are.
    { kind: "disk", name: toArtifactName("disk", release), content: "disk".padEnd(3 << 20, "\0") },
    {
      kind: "packages",
      name: toArtifactName("packages", release),
      content: "base-files\t13\tamd64\tbase-files\n",
    },
  ] as const;
  const contents = all.filter(({ kind }) => only?.includes(kind) ?? true);
  const artifacts = contents.map(({ kind, name, content }) => {
    return { kind, name, sizeBytes: Buffer.byteLength(content), sha256: hashBytes(content) };
  });
  const manifest: ReleaseManifest = {
    apiVersion: "socle/v1",
    kind: "ReleaseManifest",
    ...release,
    level: "sealed",
    policies: LEVELS.sealed,
    executionControl: "off",
    signing: { development: true, secureBootCertificate: DIGEST },
    suite: "trixie",
    rootHash,
    kernelVersion: "6.12.48+deb13-amd64",
    kernelCommandLine: `roothash=${rootHash}`,
    sourceDate: toSourceDate(1_700_000_000),
    definitionDigest: DIGEST,
    lockDigest: DIGEST,
    artifacts,
    sizes: { diskBytes: 3 << 20, espBytes: 0, rootSlotBytes: 1 << 20, veritySlotBytes: 1 << 20 },
  };
  const manifestName = toArtifactName("manifest", release);
  const manifestFile = { name: manifestName, content: encodeManifest(manifest) };
  const provenance = {
    name: toArtifactName("provenance", release),
    content:
      builder === undefined
        ? `{"salt":"${salt}"}\n`
        : await vouchFor(builder, release, [
            ...artifacts,
            { name: manifestName, sha256: hashBytes(manifestFile.content) },
          ]),
  };
  const files = [...contents, manifestFile, provenance];
  const sums = encodeChecksums(files.map(({ name, content }) => ({ name, sha256: hashBytes(content) })));
  await mkdir(folder, { recursive: true });
  for (const { name, content } of [...files, { name: CHECKSUMS_NAME, content: sums }])
    await writeFile(join(folder, name), content);
  return { folder, manifest };
}

/** That it was built from nothing. */
async function vouchFor(
  builder: DsseSigner,
  release: { readonly id: string; readonly version: string },
  subjects: readonly Checksum[],
): Promise<string> {
  const nothing = { suite: "trixie", packages: [] };
  const statement = encodeProvenance({
    subjects,
    definition: { ...release, sha256: DIGEST },
    lock: { sha256: DIGEST },
    image: nothing,
    tools: nothing,
    builder: { versions: {}, sources: [] },
    commands: new Map(),
  });
  return `${await signDsse(PROVENANCE_PAYLOAD_TYPE, Buffer.from(statement), [builder])}\n`;
}
