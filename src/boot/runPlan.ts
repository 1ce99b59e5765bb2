import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

import { performUpdateStep } from "./performUpdateStep.ts";
import type { PerformOptions, UpdateMachine } from "./performUpdateStep.ts";
import type { SpareCheck, UpdateFacts } from "./updateFacts.ts";
import type { PerformableStep, UpdateStep } from "./updateSteps.ts";

/** What is left to do: at least one step. Perform the first, look at the machine again, and plan anew. */
export interface StepsPlan {
  readonly kind: "steps";
  readonly steps: readonly [UpdateStep, ...UpdateStep[]];
}

/** All is in place; whoever knows when the machine may restart does the rest. */
export interface RebootNeeded {
  readonly kind: "reboot-needed";
}

export interface RunOptions extends PerformOptions {
  /** Called before each step, with the facts that it was planned from. */
  readonly onStep?: (step: PerformableStep, facts: UpdateFacts) => void;
}

/**
 * The loop of every change: look at the machine, plan, perform one step, look again. A cut, a kill or an
 * error between any two lines needs no other code than starting it anew.
 */
export async function runPlan<End extends { readonly kind: string }>(
  machine: UpdateMachine,
  plan: (facts: UpdateFacts) => End | StepsPlan,
  readFacts: () => Promise<UpdateFacts>,
  { onStep, ...options }: RunOptions = {},
): Promise<Exclude<End, StepsPlan> | RebootNeeded> {
  let spareCheck: SpareCheck | undefined;
  let last: PerformableStep | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const facts = { ...(await readFacts()), ...(spareCheck && { spareCheck }) };
    const next = plan(facts);
    if (!isStepsPlan(next)) return next as Exclude<End, StepsPlan>; // it is none
    const [step] = next.steps;
    if (step.kind === "reboot") return { kind: "reboot-needed" };
    assert.ok(!isDeepStrictEqual(step, last), `the step "${step.kind}" has changed nothing`);
    onStep?.(step, facts);
    spareCheck = await performUpdateStep(machine, facts, step, options);
    last = step;
  }
}

/** None left: `end`. */
export function toStepsPlan<End>(steps: readonly UpdateStep[], end: End): End | StepsPlan {
  const [first, ...others] = steps;
  return first === undefined ? end : { kind: "steps", steps: [first, ...others] };
}

function isStepsPlan(plan: { readonly kind: string }): plan is StepsPlan {
  return plan.kind === "steps";
}
