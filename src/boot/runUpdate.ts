import type { UpdateMachine } from "./performUpdateStep.ts";
import { planUpdate } from "./planUpdate.ts";
import type { UpdatePlan } from "./planUpdate.ts";
import { runPlan } from "./runPlan.ts";
import type { RebootNeeded, RunOptions, StepsPlan } from "./runPlan.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import type { UpdateRelease } from "./updateRelease.ts";

export type UpdateOutcome = Exclude<UpdatePlan, StepsPlan> | RebootNeeded;

/** Brings a release onto the machine, up to the restart. */
export async function runUpdate(
  machine: UpdateMachine,
  release: UpdateRelease,
  readFacts: () => Promise<UpdateFacts>,
  options: RunOptions = {},
): Promise<UpdateOutcome> {
  return runPlan<UpdatePlan>(machine, (facts) => planUpdate(facts, release), readFacts, options);
}
