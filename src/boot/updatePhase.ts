import { compareBootEntries, hasFailed, isBad } from "./bootOrder.ts";
import type { BootEntryFacts } from "./bootOrder.ts";
import type { SlotName } from "./slots.ts";
import {
  findGoodRunningEntry,
  findRunningEntries,
  findSlotThatHolds,
  findSpareSlot,
  isRunningEntry,
} from "./updateFacts.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import type { Deployment } from "./updateRelease.ts";
import { compareVersions } from "./version.ts";

/**
 * Where a machine is on the way of an update; the diagram is in docs/updates.md. A phase is read off
 * the disk at every question, so there is none to store, and none that can disagree with the disk.
 */
export type UpdatePhase = Idle | Downloading | Staged | Trying | Confirmed | RolledBack;

/** The running system is good, and there is nothing beside it to go to or back to. */
export interface Idle {
  readonly phase: "idle";
  readonly version: string;
}

/** The spare slot is being written, or is complete while its boot entry is not there yet. */
export interface Downloading {
  readonly phase: "downloading";
  /** Empty when another program began it. */
  readonly version: string;
  readonly slot: SlotName;
  readonly isSlotComplete: boolean;
}

/** The next boot starts another version (an older one only if the loader was told so). */
export interface Staged {
  readonly phase: "staged";
  readonly version: string;
  readonly slot: SlotName;
  readonly deployment: Deployment;
  readonly bootsLeft: number;
}

/** The running system has not been found good. When its boots are used up, the loader goes back by itself. */
export interface Trying {
  readonly phase: "trying";
  readonly version: string;
  /** 0 in the last try, and when no boot entry leads to the running system. */
  readonly bootsLeft: number;
  readonly wayBack?: WayBack;
}

/** The running system is good, and so is the one beside it. */
export interface Confirmed {
  readonly phase: "confirmed";
  readonly version: string;
  readonly wayBack: WayBack;
}

/** The running system is good; the other one has used up its boots. */
export interface RolledBack {
  readonly phase: "rolled-back";
  readonly version: string;
  readonly failed: { readonly version: string; readonly deployment: Deployment; readonly bootsDone: number };
}

export interface WayBack {
  readonly version: string;
  readonly slot: SlotName;
  readonly fileName: string;
}

/** The first that applies, in this order. */
export function derivePhase(facts: UpdateFacts): UpdatePhase {
  return (
    deriveTrying(facts) ??
    deriveStaged(facts) ??
    deriveDownloading(facts) ??
    deriveRolledBack(facts) ??
    deriveConfirmed(facts) ?? { phase: "idle", version: facts.running.version }
  );
}

function deriveTrying(facts: UpdateFacts): Trying | undefined {
  if (findGoodRunningEntry(facts)) return undefined;
  const bootsLeft = findRunningEntries(facts)[0]?.name.counter?.left ?? 0;
  const wayBack = findWayBack(facts);
  return { phase: "trying", version: facts.running.version, bootsLeft, ...(wayBack && { wayBack }) };
}

function deriveStaged(facts: UpdateFacts): Staged | undefined {
  const entry = listOthers(facts).find(({ name }) => name.counter !== undefined && name.counter.left > 0);
  const told = listOthers(facts).find(({ fileName }) => fileName === facts.bootOnce);
  const next = told ?? entry;
  const slot = findSlotThatHolds(facts.slots, next?.rootHash);
  if (next === undefined || slot === undefined) return undefined;
  return {
    phase: "staged",
    version: next.name.version,
    slot: slot.name,
    deployment: toDeployment(next),
    bootsLeft: next.name.counter?.left ?? 1,
  };
}

function deriveDownloading(facts: UpdateFacts): Downloading | undefined {
  const spare = findSpareSlot(facts);
  if (spare?.content.kind === "partial")
    return { phase: "downloading", version: spare.content.version, slot: spare.name, isSlotComplete: false };
  if (spare?.content.kind !== "holds") return undefined;
  const { version, rootHash } = spare.content;
  const isNewer = compareVersions(version, facts.running.version) > 0;
  const hasEntry = facts.bootFolder.entries.some((entry) => entry.rootHash === rootHash);
  if (!isNewer || hasEntry) return undefined;
  return { phase: "downloading", version, slot: spare.name, isSlotComplete: true };
}

function deriveRolledBack(facts: UpdateFacts): RolledBack | undefined {
  const failed = listOthers(facts).find(hasFailed);
  if (failed === undefined) return undefined;
  const { version, counter } = failed.name;
  return {
    phase: "rolled-back",
    version: facts.running.version,
    failed: { version, deployment: toDeployment(failed), bootsDone: counter?.done ?? 0 },
  };
}

function deriveConfirmed(facts: UpdateFacts): Confirmed | undefined {
  const wayBack = findWayBack(facts);
  return wayBack && { phase: "confirmed", version: facts.running.version, wayBack };
}

/** The newest other system that was found good, or was before it was set aside, and is whole by its name. */
export function findWayBack(facts: UpdateFacts): WayBack | undefined {
  const entry = listOthers(facts).find(
    (other) => other.name.counter === undefined || (isBad(other) && !hasFailed(other)),
  );
  const slot = findSlotThatHolds(facts.slots, entry?.rootHash);
  return entry && slot && { version: entry.name.version, slot: slot.name, fileName: entry.fileName };
}

/** Entries that lead to a slot that holds what they start, but not to what runs; in the loader's order. */
function listOthers(facts: UpdateFacts): BootEntryFacts[] {
  return facts.bootFolder.entries
    .filter((entry) => !isRunningEntry(facts, entry) && findSlotThatHolds(facts.slots, entry.rootHash))
    .toSorted(compareBootEntries);
}

function toDeployment({ rootHash = "", sha256 }: BootEntryFacts): Deployment {
  return { rootHash, ukiSha256: sha256 };
}
