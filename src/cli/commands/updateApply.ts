import { confirm } from "../confirm.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { followToResult, showResult, type FollowContext } from "../update/followToResult.ts";
import { fetchUpdateState, type NamedMachine } from "../update/updateMachine.ts";
import { toUpdateTarget, type ApplyOptions } from "../update/updateOptions.ts";
import { renderPlan, type PlanDocument } from "../update/updatePlan.ts";
import { toRefusal, toResultExitCode, toUpdateResult, type Intent } from "../update/updateResult.ts";
import { createView } from "../update/view.ts";
import { fetchPlan, showPlan } from "./updatePlan.ts";

/** `socle update apply`: the plan, a yes, and then everything up to the verdict. */
export async function updateApply(
  machine: NamedMachine,
  options: ApplyOptions,
  context: FollowContext,
): Promise<ExitCode> {
  const [plan, before] = await Promise.all([
    fetchPlan(machine, options, context.signal),
    fetchUpdateState(machine, context),
  ]);
  if (options.dryRun === true) return showPlan(plan, context);
  const version = plan.release?.version ?? "";
  const intent: Intent = { machine: machine.name, operation: "apply", from: plan.runningVersion, version };
  if (plan.refused || plan.release === null || plan.steps.length === 0)
    return showIdle(plan, intent, context);

  if (!(await confirm(renderPlan(plan, createView(process.stderr)), options, context))) {
    context.stderr("Nothing was changed.\n");
    return EXIT_CODE.failed;
  }
  // What was agreed to, even if the channel has moved on since.
  const target = { ...toUpdateTarget(options), version };
  const { reboot } = options;
  return followToResult(
    machine,
    intent,
    before,
    (update, callOptions) => update.applyUpdate({ target, reboot }, callOptions),
    context,
  );
}

/** There is nothing to do, or nothing may be done. */
async function showIdle(plan: PlanDocument, intent: Intent, context: FollowContext): Promise<ExitCode> {
  const result = plan.refused
    ? toRefusal(intent, plan.gates)
    : toUpdateResult(intent, { outcome: "up-to-date", version: "", gates: [] });
  await showResult(result, context);
  return toResultExitCode(result);
}
