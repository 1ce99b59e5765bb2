import { callMachine } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { renderResult } from "../renderResult.ts";
import { toUpdateTarget, type TargetOptions } from "../update/updateOptions.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { renderPlan, toPlanDocument, type PlanDocument } from "../update/updatePlan.ts";
import { toRefusalExitCode } from "../update/updateResult.ts";
import { isInTheWay } from "../update/updateStateDocument.ts";
import { listNames } from "../update/updateWhy.ts";
import { createView } from "../update/view.ts";
import { drawTable } from "../view/drawnTable.ts";
import type { MachineView } from "../view/machineView.ts";

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
export function createPlanView(options: TargetOptions): MachineView<PlanDocument> {
  return {
    kind: "UpdatePlan",
    ask: (machine, { signal }) => fetchPlan(machine, options, signal),
    drawAlone: renderPlan,
    drawBare: renderBare,
    toExitCode,
    draw: (plan) => [
      drawTable(
        [plan],
        [
          { header: "RUNNING", value: ({ runningVersion }) => runningVersion },
          { header: "TO", value: ({ release }) => release?.version ?? "–" },
          { header: "PLAN", value: describePlan },
          { header: "SLOT", value: ({ slot }) => slot ?? "–" },
          { header: "DOWNLOAD", align: "right", value: ({ fetchBytes }) => formatBytes(fetchBytes) },
          { header: "WAY BACK", value: ({ wayBackVersion }) => wayBackVersion ?? "none" },
        ],
        "",
      ),
    ],
  };
}

export async function showPlan(
  plan: PlanDocument,
  { output, stdout, isQuiet }: Pick<CommandContext, "output" | "stdout" | "isQuiet">,
): Promise<ExitCode> {
  const render = () => (isQuiet ? renderBare(plan) : renderPlan(plan, createView(process.stdout)));
  stdout(await renderResult(plan, output, render));
  return toExitCode(plan);
}

function toExitCode({ refused, gates }: PlanDocument): ExitCode {
  return refused ? toRefusalExitCode(gates) : EXIT_CODE.ok;
}

function describePlan({ refused, gates, steps, needsReboot }: PlanDocument): string {
  if (refused) return `refused: ${listNames(gates.filter(isInTheWay))}`;
  if (steps.length === 0) return "nothing to do";
  return needsReboot ? "with a restart" : "without a restart";
}

/** The version that an update would bring, or nothing. */
function renderBare({ refused, steps, release }: PlanDocument): string {
  return refused || steps.length === 0 || release === null ? "" : `${release.version}\n`;
}
