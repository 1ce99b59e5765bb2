import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

import { performUpdateStep } from "./performUpdateStep.ts";
import type { PerformOptions, UpdateMachine } from "./performUpdateStep.ts";
import { planUpdate } from "./planUpdate.ts";
import type { UpdatePlan } from "./planUpdate.ts";
import type { SpareCheck, UpdateFacts } from "./updateFacts.ts";
import type { UpdateRelease } from "./updateRelease.ts";
import type { PerformableStep } from "./updateSteps.ts";

export type UpdateOutcome =
  | Exclude<UpdatePlan, { kind: "steps" }>
  /** All is in place; whoever knows when the machine may restart does the rest. */
  | { readonly kind: "reboot-needed" };

export interface RunOptions extends PerformOptions {
  /** Called before each step, with all that are left. */
  readonly onStep?: (step: PerformableStep, facts: UpdateFacts) => void;
}

/**
 * The loop of an update: look at the machine, plan, perform one step, look again. A cut, a kill or an
 * error between any two lines needs no other code than starting it anew.
 */
export async function runUpdate(
  machine: UpdateMachine,
  release: UpdateRelease,
  readFacts: () => Promise<UpdateFacts>,
  { onStep, ...options }: RunOptions = {},
): Promise<UpdateOutcome> {
  let spareCheck: SpareCheck | undefined;
  let last: PerformableStep | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const facts = { ...(await readFacts()), ...(spareCheck && { spareCheck }) };
    const plan = planUpdate(facts, release);
    if (plan.kind !== "steps") return plan;
    const [step] = plan.steps;
    if (step.kind === "reboot") return { kind: "reboot-needed" };
    assert.ok(!isDeepStrictEqual(step, last), `the step "${step.kind}" has changed nothing`);
    onStep?.(step, facts);
    spareCheck = await performUpdateStep(machine, facts, step, options);
    last = step;
  }
}
