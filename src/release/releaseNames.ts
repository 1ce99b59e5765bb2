/**
 * The files of a release and their names. They follow the examples of sysupdate.d(5), so that
 * systemd-sysupdate takes a release from a folder or web server with the match patterns given
 * here: `ID_@v_@u.root` gives the partition its UUID. No name may match another one's pattern: a
 * pattern takes everything up to its next literal text, so `ID_@v.raw` would also take mkosi's
 * `ID_1.0.root-x86-64.UUID.raw`, with a version of "1.0.root-x86-64.UUID". Nor does systemd 257 look
 * at what comes after a pattern's end: `.verity` would also take `.verity-sig`.
 */
export const ARTIFACTS = {
  root: {
    pattern: "@v_@u.root",
    mediaType: "application/octet-stream",
    what: "root file system, written to a root slot",
  },
  verity: {
    pattern: "@v_@u.verity",
    mediaType: "application/octet-stream",
    what: "its dm-verity hash tree, written to a verity slot",
  },
  "root-signature": {
    pattern: "@v_@u.signature",
    mediaType: "application/octet-stream",
    what: "signature of the root hash, written to a signature slot",
  },
  uki: {
    pattern: "@v.efi",
    mediaType: "application/vnd.microsoft.portable-executable",
    what: "unified kernel image, goes to EFI/Linux",
  },
  disk: {
    pattern: "@v.raw",
    mediaType: "application/vnd.efi.img",
    what: "whole disk, to write to a machine's",
  },
  "disk-qcow2": { pattern: "@v.qcow2", mediaType: "application/x-qemu-disk", what: "the same disk for QEMU" },
  packages: {
    pattern: "@v.packages.tsv",
    mediaType: "text/tab-separated-values",
    what: "packages in the root",
  },
  sbom: {
    pattern: "@v.cdx.json",
    mediaType: "application/vnd.cyclonedx+json",
    what: "software bill of materials, CycloneDX 1.6",
  },
  contents: {
    pattern: "@v.contents.json",
    mediaType: "application/json",
    what: "files, units, ports and security fixes of the root, for comparisons",
  },
  manifest: {
    pattern: "@v.manifest.json",
    mediaType: "application/json",
    what: "what this release is, with the digest of each file above",
  },
  provenance: {
    pattern: "@v.intoto.jsonl",
    mediaType: "application/vnd.dsse.envelope.v1+json",
    what: "how it was built, signed: in-toto, SLSA provenance",
  },
} as const satisfies Record<string, { pattern: `@v${string}`; mediaType: string; what: string }>;

export type ArtifactKind = keyof typeof ARTIFACTS;

/** Those that fill a partition. */
export type PartitionKind = "root" | "verity" | "root-signature";

/** In the same folder: one line for each file, signed or not; systemd-sysupdate reads it first. */
export const CHECKSUMS_NAME = "SHA256SUMS";

export interface ReleaseName {
  readonly id: string;
  readonly version: string;
}

/** `partitionUuid`: of the partition that the file is written to; needed for what is written to one. */
export function toArtifactName(kind: PartitionKind, release: ReleaseName, partitionUuid: string): string;
export function toArtifactName(kind: Exclude<ArtifactKind, PartitionKind>, release: ReleaseName): string;
export function toArtifactName(kind: ArtifactKind, { id, version }: ReleaseName, partitionUuid = ""): string {
  return `${id}_${ARTIFACTS[kind].pattern.replace("@v", version).replace("@u", partitionUuid)}`;
}

/** For `MatchPattern=` in the [Source] section of a sysupdate.d file. */
export function toMatchPattern(kind: ArtifactKind, id: string): string {
  return `${id}_${ARTIFACTS[kind].pattern}`;
}
