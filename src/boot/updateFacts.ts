import { compareBootEntries } from "./bootOrder.ts";
import type { BootEntryFacts } from "./bootOrder.ts";
import type { GptCopies } from "./gptCopies.ts";
import { otherSlot } from "./slots.ts";
import type { Slot, SlotName, Slots } from "./slots.ts";
import type { UpdateRelease } from "./updateRelease.ts";

/** Everything that an update is decided from. All of it is read from the disk, the boot and the configuration. */
export interface UpdateFacts {
  readonly id: string;
  /** What this boot runs: from the kernel's command line and the image itself. */
  readonly running: { readonly version: string; readonly rootHash: string };
  readonly table: GptCopies;
  readonly slots: Slots;
  readonly bootFolder: BootFolderFacts;
  /** File name of the entry that the loader has been told to start at the next boot only. */
  readonly bootOnce?: string;
  /** Of this system's definition: tries of a new boot entry. */
  readonly bootTries: number;
  readonly limits: UpdateLimits;
  /** Absent at the start of a run. */
  readonly spareCheck?: SpareCheck;
}

export interface BootFolderFacts {
  /** This system's kernel images, readable or not; not those of others. */
  readonly entries: readonly BootEntryFacts[];
  /** Files that a write which was cut short has left. */
  readonly leftOvers: readonly { readonly fileName: string; readonly sizeBytes: number }[];
  readonly freeBytes: number;
}

/** What the machine's configuration and its operator permit. */
export interface UpdateLimits {
  /** No version below this one is ever installed. */
  readonly floor?: string;
  /** A version below the running one may be installed. */
  readonly allowDowngrade: boolean;
  /** A release that failed on this machine may be tried again. */
  readonly retryFailed: boolean;
  /** SHA-256 of the kernel images that failed on this machine: each names its root hash, and so the whole deployment. */
  readonly quarantined: ReadonlySet<string>;
}

/**
 * What this process has found out about the spare slot, and nobody has changed since. It is nowhere
 * on the disk: after a cut it is found out again, by reading, which fetches nothing anew.
 */
export interface SpareCheck {
  readonly slot: SlotName;
  readonly rootHash: string;
  readonly is: "written" | "verified" | "damaged";
}

/** The slot that the running system is read from; undefined when it does not come from a slot of this disk. */
export function findRunningSlot({ slots, running }: UpdateFacts): Slot | undefined {
  return findSlotThatHolds(slots, running.rootHash);
}

/** The slot that an update may write; undefined while it is not known which one runs. */
export function findSpareSlot(facts: UpdateFacts): Slot | undefined {
  const running = findRunningSlot(facts);
  return running && facts.slots[otherSlot(running.name)];
}

export function findSlotThatHolds(slots: Slots, rootHash: string | undefined): Slot | undefined {
  return [slots.A, slots.B].find(({ content }) => content.kind === "holds" && content.rootHash === rootHash);
}

/** Whether a boot entry leads to the system that runs. More than one can: see docs/updates.md, a rename that was cut. */
export function isRunningEntry(facts: UpdateFacts, entry: BootEntryFacts): boolean {
  return entry.name.version === facts.running.version && entry.rootHash === facts.running.rootHash;
}

/** The machine runs exactly this release, whether it has been found good or not. */
export function isRunningRelease(facts: UpdateFacts, { version, slot, uki }: UpdateRelease): boolean {
  const { running } = facts;
  return (
    running.version === version &&
    running.rootHash === slot.rootHash &&
    findRunningEntries(facts).some(({ sha256 }) => sha256 === uki.sha256)
  );
}

/** The running system was booted and found good: this entry leads to it and has no counter. */
export function findGoodRunningEntry(facts: UpdateFacts): BootEntryFacts | undefined {
  return findRunningEntries(facts).find(({ name }) => name.counter === undefined);
}

/** First the one that the loader would take. */
export function findRunningEntries(facts: UpdateFacts): BootEntryFacts[] {
  return facts.bootFolder.entries
    .filter((entry) => isRunningEntry(facts, entry))
    .toSorted(compareBootEntries);
}
