import type { DiffSide, ReleaseDiff } from "#release/comparison/releaseDiff.ts";

import { toDefinitionSection, toLockSection } from "./definitionSections.ts";
import { toFileSection, toPrivilegedSection } from "./fileSections.ts";
import { toFixesSection, toPackageSection } from "./packageSections.ts";
import { count, type Section } from "./section.ts";
import { toSizeSection } from "./sizeSection.ts";
import { toKernelSection, toListenerSection, toPropertySection, toUnitSection } from "./systemSections.ts";

/** What differs, by subject; a subject without a difference is not there. */
export function toSections(diff: ReleaseDiff): Section[] {
  const sections: (Section | null)[] = [
    diff.packages && toPackageSection(diff.packages),
    diff.fixes && toFixesSection(diff.fixes),
    diff.units && toUnitSection(diff.units),
    diff.listeners && toListenerSection(diff.listeners, diff.to.kind === "machine"),
    diff.privilegedFiles && toPrivilegedSection(diff.privilegedFiles),
    diff.files && toFileSection(diff.files),
    diff.kernel && toKernelSection(diff.kernel),
    toPropertySection(diff),
    diff.artifacts && toSizeSection(diff.artifacts),
    diff.definition && toDefinitionSection(diff.definition),
    diff.lock && toLockSection(diff.lock),
  ];
  return sections.filter((section) => section !== null).filter(hasDifference);
}

/** Slots are told with the sizes, but alone they are no news; an order of words has no rows. */
function hasDifference({ id, rows, summary }: Section): boolean {
  return rows.some(({ mark }) => mark !== " ") || (id === "kernel" && summary !== "");
}

/** `minimal 1.0 → 1.1`; with the names that were given where these say nothing. */
export function toTitle({ from, to }: ReleaseDiff): string {
  const isOneName = from.id === to.id && from.version === to.version;
  if (isOneName || from.kind !== to.kind) return `${describeSide(from)} → ${describeSide(to)}`;
  return `${from.id} ${from.version} → ${from.id === to.id ? "" : `${to.id} `}${to.version}`;
}

export function describeSide({ kind, name, id, version }: DiffSide): string {
  return `${id} ${version} (${name.startsWith(`${kind}:`) ? "" : `${kind} `}${name})`;
}

/** What it all comes to, in one sentence. */
export function toVerdict(diff: ReleaseDiff): string {
  if (diff.same) return diff.sameRoot ? "the same, by root hash" : "the same in all that was compared";
  const { packages, files, units, fixes, definition, attention } = diff;
  const changesOf = (part: { added: object; removed: object; changed: object } | null) =>
    part === null
      ? 0
      : [part.added, part.removed, part.changed].reduce((sum, list) => sum + Object.keys(list).length, 0);
  const fixed = new Set((fixes?.gained ?? []).flatMap(({ cves }) => cves)).size;
  const counted = (
    [
      [changesOf(packages), "package"],
      [changesOf(files), "file"],
      [changesOf(units), "unit"],
      [definition?.length ?? 0, "key"],
    ] as const
  )
    .filter(([amount]) => amount > 0)
    .map(([amount, noun]) => count(amount, noun));
  const parts = [
    counted.length === 0 ? describeRest(diff) : `differ in ${counted.join(", ")}`,
    ...(fixed === 0 ? [] : [`${count(fixed, "CVE")} fixed`]),
    ...(attention.length === 0 ? [] : [`${attention.length} to look at (!)`]),
  ];
  return parts.join(" · ");
}

/** Of two that differ neither in packages nor in files. */
function describeRest(diff: ReleaseDiff): string {
  const titles = toSections(diff).map(({ title }) => title.toLowerCase());
  return titles.length === 0 ? "differ in name or version only" : `differ in ${titles.join(", ")}`;
}

/** `by root hash, packages and files are equal`; the reasons why something was not compared, each once. */
export function toNotes(diff: ReleaseDiff): string[] {
  const { sameRoot, notCompared } = diff;
  const proof =
    "The root hash is the same: packages and files of the two are equal by proof, and were not looked at.";
  const byReason = Map.groupBy(notCompared, ({ side, reason }) => {
    const subject = side === "both" ? "each of the two" : JSON.stringify(diff[side].name);
    return `${subject} ${reason}`;
  });
  return [
    ...(sameRoot ? [proof] : []),
    ...describeOrigin(diff),
    ...[...byReason].map(([reason, parts]) => {
      const names = parts.map(({ part }) => PART_WORDS[part]).join(", ");
      return `Not compared: ${names}: ${reason}.`;
    }),
  ];
}

/** Both know the digests: whether a release is this definition, built, need not be guessed. */
function describeOrigin({ from, to, properties }: ReleaseDiff): string[] {
  const kinds = new Set([from.kind, to.kind]);
  if (!kinds.has("release") || !kinds.has("definition")) return [];
  const differs = (name: string) => properties.some((change) => change.name === name);
  if (differs("definitionDigest"))
    return ["The release was built from another definition, or another state of it."];
  return [`The release was built from this definition${differs("lockDigest") ? ", with another lock" : ""}.`];
}

const PART_WORDS: Readonly<Record<ReleaseDiff["notCompared"][number]["part"], string>> = {
  packages: "packages",
  fixes: "security fixes",
  units: "units",
  listeners: "ports",
  files: "files",
  kernel: "kernel",
  artifacts: "sizes",
  definition: "definition",
  lock: "lock",
  "file-contents": "contents of files",
};
