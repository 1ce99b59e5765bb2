import { hasFailed, isBad } from "./bootOrder.ts";
import { isOfRunningVersion, LEFT_OVER_SUFFIX } from "./planBootFolder.ts";
import type { Slot } from "./slots.ts";
import {
  findGoodRunningEntry,
  findRunningSlot,
  findSlotThatHolds,
  findSpareSlot,
  isRunningEntry,
} from "./updateFacts.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import { listClosedGates } from "./updateGates.ts";
import { UpdateStepError } from "./updateStepError.ts";
import type { UpdateStep } from "./updateSteps.ts";

/**
 * What no step may ever break, in one place, asked again right before each step is performed:
 *
 * - nothing is written while the running system is not confirmed; the one way out is to a system that was found good;
 * - the running slot and the boot entries that lead to it, which are the last known good ones, stay;
 * - a slot is written only while no boot entry leads to it, and named only when it was read back;
 * - a boot entry is written only for a slot that holds its root hash;
 * - a release passes every gate at each step that brings it: its version too (updateGates.ts).
 *
 * Throws an UpdateStepError: planUpdate makes no such step, so this is a defect, not an answer.
 */
export function verifyStep(facts: UpdateFacts, step: UpdateStep): void {
  const problem = findProblem(facts, step);
  if (problem === undefined) return;
  throw new UpdateStepError("step-forbidden", `Cannot perform the step "${step.kind}": ${problem}`, {
    hint: "Nothing was changed. This is a defect of Socle: please report it.",
  });
}

function findProblem(facts: UpdateFacts, step: UpdateStep): string | undefined {
  if (findGoodRunningEntry(facts) === undefined && !isWayOut(facts, step))
    return "no good boot entry leads to the running system";
  if (findRunningSlot(facts) === undefined) return "it is not known which slot runs";
  const closed = "release" in step ? listClosedGates(facts, step.release) : [];
  if (closed.length > 0) return `the release does not pass: ${closed.map(({ says }) => says).join("; ")}`;
  if ("slot" in step && step.slot !== findSpareSlot(facts)?.name) return `slot ${step.slot} is not the spare`;
  return findProblemOf(facts, step);
}

/** While the running system is tried: what changes nothing on the disk, and starts what was found good. */
function isWayOut({ bootFolder }: UpdateFacts, step: UpdateStep): boolean {
  if (step.kind === "check-slot") return true;
  const entry =
    step.kind === "boot-once" && bootFolder.entries.find(({ fileName }) => fileName === step.fileName);
  return entry !== undefined && entry !== false && entry.name.counter === undefined;
}

function findProblemOf(facts: UpdateFacts, step: UpdateStep): string | undefined {
  switch (step.kind) {
    case "repair-table":
    case "verify-slot":
    case "check-slot":
    case "reboot":
      return undefined;
    case "make-unbootable":
    case "remove-file":
    case "set-aside":
      return findFileProblem(facts, step.fileName);
    case "mark-slot":
      return findLeadingEntry(facts, facts.slots[step.slot]);
    case "write-slot":
      return findSlotProblem(facts.slots[step.slot], step.release.version);
    case "name-slot": {
      const isVerified =
        facts.spareCheck?.is === "verified" &&
        facts.spareCheck.slot === step.slot &&
        facts.spareCheck.rootHash === step.release.slot.rootHash;
      return isVerified
        ? findSlotProblem(facts.slots[step.slot], step.release.version)
        : `slot ${step.slot} was not read back`;
    }
    case "write-uki":
      return findUkiProblem(facts, step.fileName, step.release.slot.rootHash);
    case "count-anew":
      return findAnewProblem(facts, step.fileName);
    case "boot-once":
      return facts.bootFolder.entries.some(
        ({ fileName, rootHash }) => fileName === step.fileName && findSlotThatHolds(facts.slots, rootHash),
      )
        ? undefined
        : `no slot holds what "${step.fileName}" starts`;
  }
}

function findFileProblem(facts: UpdateFacts, fileName: string): string | undefined {
  const { entries, leftOvers } = facts.bootFolder;
  const entry = entries.find((candidate) => candidate.fileName === fileName);
  if (entry) return isRunningEntry(facts, entry) ? `"${fileName}" starts the running system` : undefined;
  if (!leftOvers.some((leftOver) => leftOver.fileName === fileName))
    return `"${fileName}" is not a file of this system`;
  return isOfRunningVersion(facts, fileName) ? `"${fileName}" may be a part of what runs` : undefined;
}

function findAnewProblem(facts: UpdateFacts, fileName: string): string | undefined {
  const entry = facts.bootFolder.entries.find((candidate) => candidate.fileName === fileName);
  if (entry === undefined || !isBad(entry) || hasFailed(entry)) return `"${fileName}" was not set aside`;
  const home = findSlotThatHolds(facts.slots, entry.rootHash);
  if (home === undefined) return `no slot holds what "${fileName}" starts`;
  const isChecked = facts.spareCheck?.is === "verified" && facts.spareCheck.rootHash === entry.rootHash;
  return home === findRunningSlot(facts) || isChecked ? undefined : `slot ${home.name} was not read back`;
}

function findLeadingEntry({ bootFolder }: UpdateFacts, { name, content }: Slot): string | undefined {
  const rootHash = content.kind === "holds" ? content.rootHash : undefined;
  const entry = bootFolder.entries.find(
    (candidate) => rootHash !== undefined && candidate.rootHash === rootHash,
  );
  return entry && `"${entry.fileName}" leads to slot ${name}`;
}

function findSlotProblem({ name, content }: Slot, version: string): string | undefined {
  const isMarked = content.kind === "partial" && content.version === version;
  return isMarked ? undefined : `slot ${name} is not marked as being written with ${version}`;
}

function findUkiProblem(facts: UpdateFacts, fileName: string, rootHash: string): string | undefined {
  const { entries, leftOvers } = facts.bootFolder;
  const home = findSlotThatHolds(facts.slots, rootHash);
  if (home === undefined) return `no slot holds ${rootHash}`;
  if (home !== findRunningSlot(facts) && facts.spareCheck?.is !== "verified")
    return `slot ${home.name} was not read back`;
  const isThere =
    entries.some((entry) => entry.fileName === fileName) ||
    leftOvers.some((leftOver) => leftOver.fileName === fileName + LEFT_OVER_SUFFIX);
  return isThere ? `"${fileName}" is there already` : undefined;
}
