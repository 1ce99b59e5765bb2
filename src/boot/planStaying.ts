import type { BootEntryFacts } from "./bootOrder.ts";
import { listEntriesAhead } from "./planBootFolder.ts";
import { findGoodRunningEntry } from "./updateFacts.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import type { UpdateStep } from "./updateSteps.ts";

/** What is left to do until the loader starts again what runs now. */
export function planStaying(facts: UpdateFacts): UpdateStep[] {
  const running = findGoodRunningEntry(facts);
  if (running === undefined) return [];
  const { bootOnce, bootFolder } = facts;
  const isTold = bootFolder.entries.some(
    ({ fileName, rootHash, name }) =>
      fileName === bootOnce && (rootHash !== running.rootHash || name.version !== running.name.version),
  );
  return [
    ...listEntriesAhead(facts).map((entry) => (isUntried(entry) ? toRemoval(entry) : toSetAside(entry))),
    // What the loader was told cannot be taken back through it, but it can be told otherwise.
    ...(isTold ? [{ kind: "boot-once", fileName: running.fileName } as const] : []),
  ];
}

/**
 * After an older version was started on purpose and found good, the loader would go back to the newer one at the
 * next boot. One that was never tried is not among them: that one is staged.
 */
export function planSettle(facts: UpdateFacts): UpdateStep[] {
  return findGoodRunningEntry(facts) === undefined ? [] : listLeft(facts).map(toSetAside);
}

/** Entries that the loader would go back to although the machine has left them for an older system. */
export function listLeft(facts: UpdateFacts): BootEntryFacts[] {
  return listEntriesAhead(facts).filter((entry) => !isUntried(entry));
}

/** Tries left, and none used. */
export function isUntried({ name: { counter } }: BootEntryFacts): boolean {
  return counter !== undefined && counter.left > 0 && counter.done === 0;
}

function toSetAside({ fileName }: BootEntryFacts): UpdateStep {
  return { kind: "set-aside", fileName };
}

function toRemoval({ fileName }: BootEntryFacts): UpdateStep {
  return { kind: "remove-file", fileName, reason: "superseded" };
}
