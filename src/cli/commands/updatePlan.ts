import { callMachine } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import { toUpdateTarget, type TargetOptions } from "../update/updateOptions.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { renderPlan, toPlanDocument, type PlanDocument } from "../update/updatePlan.ts";
import { toRefusalExitCode } from "../update/updateResult.ts";
import { createView } from "../update/view.ts";

/** The machine fetches metadata and lists of packages, over a line that may be slow. */
const PLAN_TIMEOUT_MS = 120_000;

/** Has a machine say what an update would do. */
export async function fetchPlan(
  machine: NamedMachine,
  options: TargetOptions,
  signal: AbortSignal,
): Promise<PlanDocument> {
  const call = { purpose: "plan an update", timeoutMs: PLAN_TIMEOUT_MS, signal };
  const target = toUpdateTarget(options);
  const plan = await callMachine(machine, call, ({ update }, callOptions) =>
    update.planUpdate({ target }, callOptions),
  );
  return toPlanDocument(machine.name, plan);
}

/** `socle update plan`. Ends as `apply` would: a plan that would be refused is no success. */
export async function updatePlan(
  machine: NamedMachine,
  options: TargetOptions,
  context: Pick<CommandContext, "output" | "stdout" | "signal" | "isQuiet">,
): Promise<ExitCode> {
  return showPlan(await fetchPlan(machine, options, context.signal), context);
}

export async function showPlan(
  plan: PlanDocument,
  { output, stdout, isQuiet }: Pick<CommandContext, "output" | "stdout" | "isQuiet">,
): Promise<ExitCode> {
  const render = () => (isQuiet ? renderBare(plan) : renderPlan(plan, createView(process.stdout)));
  stdout(await renderResult(plan, output, render));
  return plan.refused ? toRefusalExitCode(plan.gates) : EXIT_CODE.ok;
}

/** The version that an update would bring, or nothing. */
function renderBare({ refused, steps, release }: PlanDocument): string {
  return refused || steps.length === 0 || release === null ? "" : `${release.version}\n`;
}
