import { compareBootEntries, isBad, pickBootEntry } from "./bootOrder.ts";
import type { BootEntryFacts } from "./bootOrder.ts";
import { isUntried, planStaying } from "./planStaying.ts";
import { toStepsPlan } from "./runPlan.ts";
import type { StepsPlan } from "./runPlan.ts";
import { findGoodRunningEntry, findRunningSlot, findSlotThatHolds, isRunningEntry } from "./updateFacts.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import { derivePhase, findWayBack } from "./updatePhase.ts";
import type { Deployment } from "./updateRelease.ts";
import type { UpdateStep } from "./updateSteps.ts";

/**
 * Where a rollback goes. It is chosen once, at its beginning: the first step of the way there can look like
 * a release that is staged, which another rollback would take back.
 */
export type RollbackGoal =
  /** To the system beside the running one, by a restart. */
  | { readonly kind: "go-back"; readonly version: string; readonly deployment: Deployment }
  /** What is staged and was not tried yet is taken back; the running system stays. */
  | { readonly kind: "stay"; readonly version: string };

export type RollbackPlan =
  | { readonly kind: "up-to-date" }
  /** There is nothing to go back to, or no more. */
  | { readonly kind: "no-way-back"; readonly says: string }
  | StepsPlan;

/** Undefined when there is nothing to go back to. */
export function chooseRollback(facts: UpdateFacts): RollbackGoal | undefined {
  const { entries } = facts.bootFolder;
  const isGood = findGoodRunningEntry(facts) !== undefined;
  const told = entries.find(({ fileName }) => fileName === facts.bootOnce);
  // Asked for again, before the restart.
  if (told !== undefined && told.name.counter === undefined && !isRunningEntry(facts, told))
    return toGoBack(told);
  if (derivePhase(facts).phase === "staged") return { kind: "stay", version: facts.running.version };
  const wayBack = findWayBack(facts);
  const entry = entries.find(({ fileName }) => fileName === wayBack?.fileName);
  // While the running system is tried nothing is written: only what needs no new counter can be started.
  if (entry === undefined || (!isGood && isBad(entry))) return undefined;
  return toGoBack(entry);
}

/** Decides what is left to do until the machine is where the rollback goes. As planUpdate, it remembers nothing. */
export function planRollback(facts: UpdateFacts, goal: RollbackGoal): RollbackPlan {
  if (goal.kind === "stay") return toStepsPlan(planTakingBack(facts), { kind: "up-to-date" });
  const { version, deployment } = goal;
  const entry = facts.bootFolder.entries
    .filter(({ sha256, rootHash }) => sha256 === deployment.ukiSha256 && rootHash === deployment.rootHash)
    .toSorted(compareBootEntries)[0];
  if (entry === undefined) return noWayBack(`no boot entry leads to ${version} any more`);
  if (isRunningEntry(facts, entry)) return toStepsPlan(planStaying(facts), { kind: "up-to-date" });
  const home = findSlotThatHolds(facts.slots, entry.rootHash);
  if (home === undefined) return noWayBack(`no slot holds ${version} any more`);
  const { spareCheck } = facts;
  const check = spareCheck?.rootHash === entry.rootHash ? spareCheck?.is : undefined;
  if (check === "damaged") return noWayBack(`slot ${home.name}, which holds ${version}, is damaged`);
  // dm-verity checks what runs at every read.
  const isSure = check === "verified" || home === findRunningSlot(facts);
  return toStepsPlan<RollbackPlan>(
    [
      ...(isSure ? [] : [toCheck(home.name, entry)]),
      ...(isBad(entry)
        ? [{ kind: "count-anew", fileName: entry.fileName } as const]
        : planStart(facts, entry)),
      { kind: "reboot" },
    ],
    { kind: "up-to-date" },
  );
}

/** While it is set aside its name will change, so this comes after. */
function planStart(facts: UpdateFacts, entry: BootEntryFacts): UpdateStep[] {
  const isPicked = facts.bootOnce === undefined && pickBootEntry(facts.bootFolder.entries) === entry;
  return isPicked || facts.bootOnce === entry.fileName
    ? []
    : [{ kind: "boot-once", fileName: entry.fileName }];
}

function planTakingBack(facts: UpdateFacts): UpdateStep[] {
  const staying = planStaying(facts);
  const named = new Set(staying.flatMap((step) => ("fileName" in step ? [step.fileName] : [])));
  const others = facts.bootFolder.entries.filter(
    (entry) => isUntried(entry) && !isRunningEntry(facts, entry) && !named.has(entry.fileName),
  );
  return [
    ...staying,
    ...others.map(({ fileName }) => ({ kind: "remove-file", fileName, reason: "superseded" }) as const),
  ];
}

function toCheck(slot: "A" | "B", { rootHash = "" }: BootEntryFacts): UpdateStep {
  return { kind: "check-slot", slot, rootHash };
}

function toGoBack({ name, rootHash = "", sha256 }: BootEntryFacts): RollbackGoal {
  return { kind: "go-back", version: name.version, deployment: { rootHash, ukiSha256: sha256 } };
}

function noWayBack(says: string): RollbackPlan {
  return { kind: "no-way-back", says };
}
