import type { Current, Generation, Previous, Trial } from "./generation.ts";
import { findRevertTarget } from "./generations.ts";
import { planApply, type ApplyPlan } from "./planApply.ts";
import type { EtcFacts } from "./renderEtc.ts";

export interface RevertPlan {
  /** Undefined: no generation is left that did not fail, so the machine is as its image says. */
  readonly target: Current | Previous | undefined;
  readonly plan: ApplyPlan;
}

/** The way back from one that failed, was not confirmed or is not wanted any more. */
export function planRevert(
  from: Trial | Current,
  generations: readonly Generation[],
  facts: EtcFacts = {},
): RevertPlan {
  const target = findRevertTarget(generations.filter(({ number }) => number !== from.number));
  return { target, plan: planApply(from.document, target?.document, facts) };
}
