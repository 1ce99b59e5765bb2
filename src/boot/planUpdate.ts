import { planBootFolder } from "./planBootFolder.ts";
import { planStaying } from "./planStaying.ts";
import { toStepsPlan } from "./runPlan.ts";
import type { StepsPlan } from "./runPlan.ts";
import { findRunningSlot, findSlotThatHolds, findSpareSlot, isRunningRelease } from "./updateFacts.ts";
import type { SpareCheck, UpdateFacts } from "./updateFacts.ts";
import { listClosedGates, needsSlot } from "./updateGates.ts";
import type { UpdateGate } from "./updateGates.ts";
import type { UpdateRelease } from "./updateRelease.ts";
import type { UpdateStep } from "./updateSteps.ts";

export type UpdatePlan =
  /** The machine runs the release, and will do so at the next boot. */
  | { readonly kind: "up-to-date" }
  /** Nothing was done and nothing may be: these gates are closed. */
  | { readonly kind: "refused"; readonly gates: readonly UpdateGate[] }
  | StepsPlan;

/**
 * Decides what is left to do until the machine runs `release`. It looks at nothing but its arguments,
 * and remembers nothing, so that it does not matter how often and where the way there was cut.
 */
export function planUpdate(facts: UpdateFacts, release: UpdateRelease): UpdatePlan {
  const gates = listClosedGates(facts, release);
  if (gates.length > 0) return { kind: "refused", gates };
  const steps = isRunningRelease(facts, release) ? planStaying(facts) : planChange(facts, release);
  return toStepsPlan(steps, { kind: "up-to-date" });
}

function planChange(facts: UpdateFacts, release: UpdateRelease): UpdateStep[] {
  const bootFolder = planBootFolder(facts, release, { writesSpare: needsSlot(facts, release) });
  const { removals, target, targetFileName, isPicked } = bootFolder;
  return [
    ...(facts.table.isSound ? [] : [{ kind: "repair-table" } as const]),
    // First, so that losing power halfway through the write never leaves an entry that leads to half an image.
    ...removals,
    ...planSlot(facts, release),
    // Last, so that an entry never leads to what is not there yet.
    ...(target === undefined ? [{ kind: "write-uki", fileName: targetFileName, release } as const] : []),
    ...(isPicked || facts.bootOnce === targetFileName
      ? []
      : [{ kind: "boot-once", fileName: targetFileName } as const]),
    { kind: "reboot" },
  ];
}

function planSlot(facts: UpdateFacts, release: UpdateRelease): UpdateStep[] {
  const spare = findSpareSlot(facts);
  if (spare === undefined) return [];
  const slot = spare.name;
  const { rootHash } = release.slot;
  const known = findCheck(facts, rootHash);
  const verify: UpdateStep[] = known === "verified" ? [] : [{ kind: "verify-slot", slot, release }];

  if (!needsSlot(facts, release)) {
    // dm-verity checks what runs at every read; what only lies there may have changed since it was named.
    const isRunningBase = findSlotThatHolds(facts.slots, rootHash) === findRunningSlot(facts);
    return isRunningBase ? [] : verify;
  }
  const { content } = spare;
  const isMarked = content.kind === "partial" && content.version === release.version;
  return [
    ...(isMarked ? [] : [{ kind: "mark-slot", slot, release } as const]),
    ...(known === "written" || known === "verified" ? [] : [{ kind: "write-slot", slot, release } as const]),
    ...verify,
    { kind: "name-slot", slot, release },
  ];
}

function findCheck({ spareCheck }: UpdateFacts, rootHash: string): SpareCheck["is"] | undefined {
  return spareCheck?.rootHash === rootHash ? spareCheck.is : undefined;
}
