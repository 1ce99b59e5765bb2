import type { Checksum } from "./checksums.ts";
import type { ReleaseManifest } from "./manifest.ts";
import { ARTIFACTS, CHECKSUMS_NAME, type ArtifactKind, type ReleaseName } from "./releaseNames.ts";
import type { Sha256 } from "./sha256.ts";

/** A file of a release, as it was found by reading it. */
export interface FoundFile {
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

/** A file of a release that is what the manifest and SHA256SUMS say. */
export interface ReleaseFile extends FoundFile {
  readonly name: string;
  readonly kind: ArtifactKind;
}

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** Of which kind a file of this release is, by its name; undefined where it is none of its files. */
export function findArtifactKind(name: string, { id, version }: ReleaseName): ArtifactKind | undefined {
  const kinds = Object.keys(ARTIFACTS) as ArtifactKind[]; // the keys of ARTIFACTS
  return kinds.find((kind) => {
    const [before = "", after] = `${id}_${ARTIFACTS[kind].pattern.replace("@v", version)}`.split("@u");
    if (after === undefined) return name === before;
    return (
      new RegExp(`^${UUID}$`).test(name.slice(before.length, -after.length)) &&
      name.startsWith(before) &&
      name.endsWith(after)
    );
  });
}

/**
 * A release's folder held against its own documents: each file is named, by SHA256SUMS and, where it
 * can be, by the manifest, and has the bytes and the size that they say. Every problem is added to `problems`.
 */
export function checkReleaseFiles(
  manifest: ReleaseManifest,
  checksums: readonly Checksum[],
  found: ReadonlyMap<string, FoundFile>,
  problems: string[],
): ReleaseFile[] {
  const listed = new Map(checksums.map(({ name, sha256 }) => [name, sha256]));
  for (const name of listed.keys()) {
    if (!found.has(name)) problems.push(`"${name}" is missing, but ${CHECKSUMS_NAME} names it`);
  }
  for (const { name } of manifest.artifacts) {
    if (!found.has(name)) problems.push(`"${name}" is missing, but the manifest names it`);
  }
  return [...found].flatMap(([name, file]) => {
    const kind = findArtifactKind(name, manifest);
    const artifact = manifest.artifacts.find((entry) => entry.name === name);
    const before = problems.length;
    if (kind === undefined) problems.push(`"${name}" is no file of ${manifest.id} ${manifest.version}`);
    else if (!listed.has(name)) problems.push(`"${name}" is not named by ${CHECKSUMS_NAME}`);
    else if (listed.get(name) !== file.sha256)
      problems.push(`"${name}" has other bytes than ${CHECKSUMS_NAME} says`);
    if (artifact !== undefined && artifact.kind !== kind)
      problems.push(`"${name}" is listed in the manifest as "${artifact.kind}"`);
    if (artifact !== undefined && artifact.sha256 !== file.sha256)
      problems.push(`"${name}" has other bytes than the manifest says`);
    if (artifact !== undefined && artifact.sizeBytes !== file.sizeBytes)
      problems.push(`"${name}" has ${file.sizeBytes} bytes, the manifest says ${artifact.sizeBytes}`);
    return kind === undefined || problems.length > before ? [] : [{ name, kind, ...file }];
  });
}
