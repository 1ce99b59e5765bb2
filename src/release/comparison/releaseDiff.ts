import type { ContentsFile } from "../contents.ts";
import type { ComparedPackage, ComparedUnit, Json, Part } from "./comparedSystem.ts";

/**
 * What differs between two systems: the document of `socle diff -o json`, so names here do not
 * change. A part is null when it could not be compared; `notCompared` says why. Lists are sorted by
 * what identifies an entry. docs/diff.md explains each field.
 */
export interface ReleaseDiff {
  readonly apiVersion: "socle/v1";
  readonly kind: "ReleaseDiff";
  /** Nothing that was compared differs. */
  readonly same: boolean;
  readonly from: DiffSide;
  readonly to: DiffSide;
  /** Whether both have one root hash: then packages and files are equal by proof and not looked at. */
  readonly sameRoot: boolean;
  /** What a person should look at first. */
  readonly attention: readonly Attention[];
  readonly properties: readonly PropertyChange[];
  readonly packages: PackageDiff | null;
  readonly fixes: FixDiff | null;
  readonly units: Changes<ComparedUnit> | null;
  readonly listeners: ListenerDiff | null;
  readonly files: FileDiff | null;
  /** Files that give whoever runs them more rights: set-user-ID, set-group-ID, capabilities. */
  readonly privilegedFiles: Changes<PrivilegedFile> | null;
  readonly kernel: KernelDiff | null;
  readonly artifacts: ArtifactDiff | null;
  readonly definition: readonly ValueChange[] | null;
  readonly lock: LockDiff | null;
  readonly notCompared: readonly NotCompared[];
}

export interface DiffSide {
  readonly kind: "release" | "definition" | "machine";
  /** As it was named on the command line. */
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly rootHash: string | null;
}

export interface Change<T> {
  readonly from: T;
  readonly to: T;
}

export interface Changes<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly Change<T>[];
}

export type AttentionKind =
  | "new-privileged-file"
  | "more-privilege"
  | "new-listener"
  | "downgrade"
  | "lost-fix"
  | "weaker-policy"
  | "development-keys";

export interface Attention {
  readonly kind: AttentionKind;
  /** Path, port, package, CVE or property. */
  readonly subject: string;
}

export interface PropertyChange {
  readonly name: string;
  /** null where a side does not have it. */
  readonly from: Json;
  readonly to: Json;
}

/** By Debian's order; `other` where that sees no difference, or the package comes from elsewhere now. */
export type Direction = "upgrade" | "downgrade" | "other";

export interface PackageChange extends Change<ComparedPackage> {
  readonly direction: Direction;
}

export interface PackageDiff {
  readonly added: readonly ComparedPackage[];
  readonly removed: readonly ComparedPackage[];
  readonly changed: readonly PackageChange[];
}

export interface FixDiff {
  /** What the Debian changelogs name between the two versions of a source package that went up. */
  readonly gained: readonly SourceFixes[] | null;
  /** The same for those that went down. Each is null where the side with the fixes does not tell. */
  readonly lost: readonly SourceFixes[] | null;
}

export interface SourceFixes {
  readonly source: string;
  readonly from: string;
  readonly to: string;
  readonly cves: readonly string[];
}

export interface Listener {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  /** Units or processes. */
  readonly by: readonly string[];
}

export interface ListenerDiff extends Changes<Listener> {
  /** `mixed`: what unit files say beside what is open; such differences are shown but do not count. */
  readonly evidence: "declared" | "observed" | "mixed";
}

export type FileAspect = "type" | "content" | "size" | "mode" | "owner" | "target" | "capabilities";

export interface FileChange extends Change<ContentsFile> {
  readonly path: string;
  readonly aspects: readonly FileAspect[];
}

export interface FileDiff {
  readonly from: FileTotals;
  readonly to: FileTotals;
  readonly added: readonly ContentsFile[];
  readonly removed: readonly ContentsFile[];
  readonly changed: readonly FileChange[];
}

export interface FileTotals {
  /** Everything that has a path: files, folders, symlinks. */
  readonly count: number;
  /** Of regular files. */
  readonly sizeBytes: number;
}

export interface PrivilegedFile {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** `set-user-ID`, `set-group-ID`, `cap_net_raw=ep` and the like. */
  readonly gives: readonly string[];
}

export interface KernelDiff {
  readonly version: Change<string> | null;
  /** Words of the command line; `roothash=` is left out, it belongs to the root. */
  readonly addedArguments: readonly string[];
  readonly removedArguments: readonly string[];
  /** The same words in another order. */
  readonly reordered: boolean;
}

export interface ArtifactDiff {
  /** By kind; null where a release does not have it. */
  readonly changed: readonly ArtifactChange[];
  /** How full each slot is, changed or not. */
  readonly slots: readonly SlotChange[];
  /** Of the whole disk and the ESP, where they differ. */
  readonly partitions: readonly PartitionChange[];
}

export interface ArtifactChange {
  readonly kind: string;
  readonly from: ArtifactFacts | null;
  readonly to: ArtifactFacts | null;
}

export interface ArtifactFacts {
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface SlotChange {
  readonly slot: string;
  readonly from: SlotFill;
  readonly to: SlotFill;
}

export interface SlotFill {
  readonly usedBytes: number;
  readonly sizeBytes: number;
}

export interface PartitionChange {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** A key of a definition. A side that does not have it has no `from` or no `to`. */
export interface ValueChange {
  /** As one would write it: `files["/etc/motd"].mode`. */
  readonly path: string;
  /** Texts of more than 200 characters are told as `{ sha256, sizeBytes }`. */
  readonly from?: Json;
  readonly to?: Json;
}

export interface LockDiff {
  /** What the lock was made for. */
  readonly request: readonly ValueChange[];
  /** Packages of the tools tree; those of the system are in `packages`. */
  readonly tools: PackageDiff;
  /** One name, version and architecture, but other bytes. */
  readonly otherBytes: readonly string[];
}

export interface NotCompared {
  readonly part: Part | "file-contents";
  /** The side that does not know it. */
  readonly side: "from" | "to" | "both";
  /** The end of a sentence that begins with the side, e.g. `has no list of its contents`. */
  readonly reason: string;
}
