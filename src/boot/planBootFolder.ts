import { decodeBootEntryName, encodeBootEntryName } from "./bootCounter.ts";
import { compareBootEntries, isBad, pickBootEntry } from "./bootOrder.ts";
import type { BootEntryFacts } from "./bootOrder.ts";
import { findSlotThatHolds, findSpareSlot, isRunningEntry } from "./updateFacts.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import type { UpdateRelease } from "./updateRelease.ts";
import type { RemovalReason, UpdateStep } from "./updateSteps.ts";

/** What an update does to the files of the boot folder. */
export interface BootFolderPlan {
  /** Before anything is written anywhere, and in this order. */
  readonly removals: readonly Removal[];
  /** An entry that starts the release is there, whole and with tries left. */
  readonly target?: BootEntryFacts;
  /** Where the release's entry is, or will be. */
  readonly targetFileName: string;
  /** The loader would start the release by itself. */
  readonly isPicked: boolean;
}

export type Removal = Extract<UpdateStep, { kind: "make-unbootable" | "remove-file" }>;

/** Behind the name of an entry whose file is not complete. The loader passes over what does not end in `.efi`. */
export const LEFT_OVER_SUFFIX = ".part";

export function planBootFolder(
  facts: UpdateFacts,
  release: UpdateRelease,
  { writesSpare }: { readonly writesSpare: boolean },
): BootFolderPlan {
  // While the slot is written there is no entry for what will be in it.
  const target = writesSpare ? undefined : findTarget(facts, release);
  const { entries, leftOvers } = facts.bootFolder;
  const classified = entries.map((entry) => ({
    entry,
    removal: entry === target ? undefined : toRemoval(facts, entry, release, writesSpare),
  }));
  const counter = { left: facts.bootTries, done: 0 };
  const targetFileName =
    target?.fileName ?? encodeBootEntryName({ id: release.id, version: release.version, counter });
  const kept = classified.filter(({ removal }) => removal === undefined).map(({ entry }) => entry);
  const written = { fileName: targetFileName, name: { ...release, counter }, sizeBytes: 0, sha256: "" };
  const picked = pickBootEntry(target === undefined ? [...kept, written] : kept);
  return {
    removals: [
      // Entries before left-overs: while two names share their clusters, the one that boots goes first.
      ...classified.flatMap(({ removal }) => removal ?? []),
      ...leftOvers
        .filter(({ fileName }) => !isOfRunningVersion(facts, fileName))
        .map(({ fileName }) => toRemoveFile(fileName, "left-over")),
    ].toSorted((a, b) => toRank(a) - toRank(b)),
    ...(target && { target }),
    targetFileName,
    isPicked: picked?.fileName === targetFileName,
  };
}

/** All entries that the loader would prefer to the running system. */
export function listEntriesAhead(facts: UpdateFacts): BootEntryFacts[] {
  const { entries } = facts.bootFolder;
  const running = pickBootEntry(entries.filter((entry) => isRunningEntry(facts, entry)));
  return entries.filter(
    (entry) =>
      running !== undefined && !isRunningEntry(facts, entry) && compareBootEntries(entry, running) < 0,
  );
}

/**
 * A rename on FAT that was cut in half can leave both names on the same clusters. Removing one frees
 * them under the other, so a left-over of the running version stays until another version runs.
 */
export function isOfRunningVersion({ running }: UpdateFacts, leftOver: string): boolean {
  return decodeBootEntryName(leftOver.slice(0, -LEFT_OVER_SUFFIX.length))?.version === running.version;
}

/** For the same reason an entry counts only if it is the only file of its version, and whole. */
function findTarget(facts: UpdateFacts, { version, slot, uki }: UpdateRelease): BootEntryFacts | undefined {
  const { entries, leftOvers } = facts.bootFolder;
  const [entry, ...more] = entries.filter(({ name }) => name.version === version);
  const isWhole = entry?.sha256 === uki.sha256 && entry.rootHash === slot.rootHash && !isBad(entry);
  const isAlone = more.length === 0 && leftOvers.every(({ fileName }) => isOfRunningVersion(facts, fileName));
  return isWhole && isAlone ? entry : undefined;
}

function toRemoval(
  facts: UpdateFacts,
  entry: BootEntryFacts,
  release: UpdateRelease,
  writesSpare: boolean,
): Removal | undefined {
  if (isRunningEntry(facts, entry)) return undefined;
  const spare = findSpareSlot(facts);
  const slot = findSlotThatHolds(facts.slots, entry.rootHash);
  if (slot === undefined) return toRemoveFile(entry.fileName, "leads-nowhere");
  if (slot === spare && writesSpare)
    return { kind: "make-unbootable", slot: slot.name, fileName: entry.fileName };
  if (entry.name.version === release.version) return toRemoveFile(entry.fileName, "rewritten");
  // What was found good in a slot that stays is a way back.
  const isWayBack = slot === spare && entry.name.counter === undefined;
  return isWayBack ? undefined : toRemoveFile(entry.fileName, "superseded");
}

function toRemoveFile(fileName: string, reason: RemovalReason): Removal {
  return { kind: "remove-file", fileName, reason };
}

function toRank(removal: Removal): number {
  return removal.kind === "make-unbootable" ? 0 : removal.reason === "left-over" ? 2 : 1;
}
