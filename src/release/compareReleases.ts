import { compareArtifacts, isEmptyArtifactDiff } from "./comparison/compareArtifacts.ts";
import {
  HIDDEN_STATE,
  type ComparedSystem,
  type Json,
  type Part,
  PARTS,
} from "./comparison/comparedSystem.ts";
import { compareFiles, isEmptyFileDiff } from "./comparison/compareFiles.ts";
import { compareFixes } from "./comparison/compareFixes.ts";
import { compareKernel, isEmptyKernelDiff } from "./comparison/compareKernel.ts";
import { compareKeyed, compareTexts } from "./comparison/compareKeyed.ts";
import { compareListeners } from "./comparison/compareListeners.ts";
import { compareLocks, isEmptyLockDiff } from "./comparison/compareLocks.ts";
import { comparePackages, isEmptyPackageDiff } from "./comparison/comparePackages.ts";
import { comparePrivilegedFiles } from "./comparison/comparePrivilegedFiles.ts";
import { compareValues } from "./comparison/compareValues.ts";
import { findAttention } from "./comparison/findAttention.ts";
import type {
  Changes,
  DiffSide,
  FixDiff,
  NotCompared,
  PropertyChange,
  ReleaseDiff,
} from "./comparison/releaseDiff.ts";

/** A system and what the caller calls it. */
export interface NamedSystem {
  readonly name: string;
  readonly system: ComparedSystem;
}

/** What one has to do to get from `a` to `b`, as data. It looks only at what both know. */
export function compareReleases(a: NamedSystem, b: NamedSystem): ReleaseDiff {
  const [from, to] = [a.system, b.system];
  const sameRoot = from.rootHash !== undefined && from.rootHash === to.rootHash;
  const parts = compareParts(from, to, sameRoot);
  const properties = compareProperties(from, to);
  return {
    apiVersion: "socle/v1",
    kind: "ReleaseDiff",
    same: properties.length === 0 && isEmpty(parts),
    from: toSide(a),
    to: toSide(b),
    sameRoot,
    attention: findAttention({ properties, ...parts }),
    properties,
    ...parts,
    notCompared: findNotCompared(from, to, sameRoot),
  };
}

type ComparedParts = Pick<ReleaseDiff, Part | "privilegedFiles">;

function compareParts(from: ComparedSystem, to: ComparedSystem, sameRoot: boolean): ComparedParts {
  const files = sameRoot ? null : bothOf(from.files, to.files);
  return {
    packages: sameRoot ? null : onBoth(from.packages, to.packages, comparePackages),
    fixes: sameRoot ? null : compareKnownFixes(from, to),
    units: onBoth(from.units, to.units, compareUnits),
    listeners: onBoth(from.listeners, to.listeners, compareListeners),
    files: files && compareFiles(...files),
    privilegedFiles: files && comparePrivilegedFiles(...files),
    kernel: onBoth(from.kernel, to.kernel, compareKernel),
    artifacts: onBoth(from.artifacts, to.artifacts, compareArtifacts),
    definition: onBoth(from.definition, to.definition, compareValues),
    lock: onBoth(from.lock, to.lock, compareLocks),
  };
}

/** Each side's changelogs name what it has fixed and the other one has not. */
function compareKnownFixes(from: ComparedSystem, to: ComparedSystem): FixDiff | null {
  if (from.packages === undefined || to.packages === undefined) return null;
  if (from.fixes === undefined && to.fixes === undefined) return null;
  return compareFixes(
    { packages: from.packages, fixes: from.fixes },
    { packages: to.packages, fixes: to.fixes },
  );
}

function compareUnits(
  from: NonNullable<ComparedSystem["units"]>,
  to: NonNullable<ComparedSystem["units"]>,
): NonNullable<ReleaseDiff["units"]> {
  return compareKeyed(
    from,
    to,
    ({ name }) => name,
    (x, y) => x.state === y.state || x.state === HIDDEN_STATE || y.state === HIDDEN_STATE,
  );
}

function onBoth<T, R>(from: T | undefined, to: T | undefined, compare: (a: T, b: T) => R): R | null {
  return from === undefined || to === undefined ? null : compare(from, to);
}

function bothOf<T>(from: T | undefined, to: T | undefined): [T, T] | null {
  return from === undefined || to === undefined ? null : [from, to];
}

/** Between two releases also what only one of them has; else what both kinds of system know. */
function compareProperties(from: ComparedSystem, to: ComparedSystem): PropertyChange[] {
  const toAll = ({ id, version, rootHash, properties }: ComparedSystem): Record<string, Json> => ({
    id,
    version,
    ...(rootHash === undefined ? {} : { rootHash }),
    ...properties,
  });
  const [before, after] = [new Map(Object.entries(toAll(from))), new Map(Object.entries(toAll(to)))];
  const isKnown = (name: string) => from.kind === to.kind || (before.has(name) && after.has(name));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter(isKnown)
    .map((name) => ({ name, from: before.get(name) ?? null, to: after.get(name) ?? null }))
    .filter((change) => JSON.stringify(change.from) !== JSON.stringify(change.to))
    .sort((x, y) => compareTexts(x.name, y.name));
}

function isEmpty(parts: ComparedParts): boolean {
  const { packages, fixes, units, listeners, files, privilegedFiles, kernel, artifacts, definition, lock } =
    parts;
  return (
    (packages === null || isEmptyPackageDiff(packages)) &&
    (fixes === null || (fixes.gained ?? []).length + (fixes.lost ?? []).length === 0) &&
    (units === null || isEmptyChanges(units)) &&
    (listeners === null || listeners.evidence === "mixed" || isEmptyChanges(listeners)) &&
    (files === null || isEmptyFileDiff(files)) &&
    (privilegedFiles === null || isEmptyChanges(privilegedFiles)) &&
    (kernel === null || isEmptyKernelDiff(kernel)) &&
    (artifacts === null || isEmptyArtifactDiff(artifacts)) &&
    (definition === null || definition.length === 0) &&
    (lock === null || isEmptyLockDiff(lock))
  );
}

function isEmptyChanges({ added, removed, changed }: Changes<unknown>): boolean {
  return added.length + removed.length + changed.length === 0;
}

/** What the root hash proves need not be compared. */
const PROVEN: ReadonlySet<Part> = new Set(["packages", "fixes", "files"]);

function findNotCompared(from: ComparedSystem, to: ComparedSystem, sameRoot: boolean): NotCompared[] {
  return [
    ...PARTS.filter((part) => !(sameRoot && PROVEN.has(part)))
      .filter((part) => !isToldElsewhere(from, to, part))
      .flatMap((part) => {
        const reasonOf = (system: ComparedSystem) =>
          system[part] === undefined ? (system.unknown[part] ?? "does not tell") : undefined;
        return toNotCompared(part, reasonOf(from), reasonOf(to));
      }),
    ...(sameRoot
      ? toNotCompared("files", toOwnFiles(from), toOwnFiles(to))
      : toNotCompared("file-contents", toContentsGap(from), toContentsGap(to))),
  ];
}

/** The proof is about the root; what a machine lays over it is its own. */
function toOwnFiles({ kind }: ComparedSystem): string | undefined {
  return kind === "machine" ? "may have files of its own over those of the root" : undefined;
}

function toNotCompared(
  part: NotCompared["part"],
  from: string | undefined,
  to: string | undefined,
): NotCompared[] {
  if (from !== undefined && from === to) return [{ part, side: "both", reason: from }];
  return [
    ...(from === undefined ? [] : [{ part, side: "from", reason: from } as const]),
    ...(to === undefined ? [] : [{ part, side: "to", reason: to } as const]),
  ];
}

function toContentsGap({ files }: ComparedSystem): string | undefined {
  return files?.hasContents === false ? "tells sizes of files, not hashes or capabilities" : undefined;
}

/** Equal digests say it all; and that neither of two releases has its definition with it is no news. */
function isToldElsewhere(from: ComparedSystem, to: ComparedSystem, part: Part): boolean {
  if (part !== "definition" && part !== "lock") return false;
  const digest = from.properties[`${part}Digest`];
  const isEqual = digest !== undefined && digest === to.properties[`${part}Digest`];
  return isEqual || (from[part] === undefined && to[part] === undefined);
}

function toSide({ name, system: { kind, id, version, rootHash } }: NamedSystem): DiffSide {
  return { kind, name, id, version, rootHash: rootHash ?? null };
}
