import type { PlanConfigurationResponse } from "#protocol/gen/socle/v1/configuration_pb.ts";

import { callMachine } from "../callMachine.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import { EXIT_CODE } from "../exitCode.ts";
import type { View as Look } from "../update/renderGates.ts";
import { drawTable } from "../view/drawnTable.ts";
import type { MachineView } from "../view/machineView.ts";
import { renderKeyChanges } from "./keyChanges.ts";
import { renderMachineProblems, toProblemDocument } from "./machineProblems.ts";

/** A document, or the generation whose document is meant; 0: what the machine starts with when it has none. */
export type ConfigurationAim = { readonly document: string } | { readonly generation: number };

const TIMEOUT_MS = 60_000;

/** `socle config plan`. A document that would be refused is no success. */
export function createPlanView(aim: ConfigurationAim): MachineView<PlanDocument> {
  return {
    kind: "ConfigurationPlan",
    ask: async (machine, { signal }) => {
      const call = { purpose: "plan a configuration", timeoutMs: TIMEOUT_MS, signal };
      const plan = await callMachine(machine, call, ({ configuration }, options) =>
        configuration.planConfiguration(aim, options),
      );
      return toPlanDocument(machine.name, plan);
    },
    drawAlone: renderPlan,
    drawBare: ({ keys }) => keys.map(({ path }) => `${toVisibleText(path)}\n`).join(""),
    toExitCode: ({ problems }) => (problems.length === 0 ? EXIT_CODE.ok : EXIT_CODE.failed),
    draw: (plan) => [
      drawTable(
        [plan],
        [
          { header: "PLAN", value: describePlan },
          { header: "KEYS", align: "right", value: ({ keys }) => String(keys.length) },
          { header: "FILES", align: "right", value: ({ files }) => String(files.length) },
          { header: "UNITS", align: "right", value: ({ units }) => String(units.length) },
          { header: "RESTART", value: ({ needsReboot }) => (needsReboot ? "needed" : "not needed") },
        ],
        "",
      ),
    ],
  };
}

function toPlanDocument(machine: string, plan: PlanConfigurationResponse) {
  return {
    apiVersion: "socle/v1",
    kind: "ConfigurationPlan",
    machine,
    /** Nothing is applied while there is one. */
    problems: plan.problems.map(toProblemDocument),
    keys: plan.keys.map(({ path, from, to }) => ({ path, from: from || null, to: to || null })),
    files: plan.files.map(({ path, change }) => ({ path, change })),
    units: plan.units,
    needsReboot: plan.needsReboot,
    goneAfterReboot: plan.goneAfterReboot,
  };
}

type PlanDocument = ReturnType<typeof toPlanDocument>;

function describePlan({ problems, keys, files }: PlanDocument): string {
  if (problems.length > 0) return `refused: ${toVisibleText(problems[0]?.path ?? "")}`;
  return keys.length + files.length === 0 ? "nothing changes" : "changes";
}

const SIGNS: Readonly<Record<string, string>> = { added: "+", removed: "-" };

function renderPlan(plan: PlanDocument, { marks, paint }: Look): string {
  const { machine, problems, keys, files, units, needsReboot, goneAfterReboot } = plan;
  if (problems.length > 0) {
    const lines = renderMachineProblems(problems);
    return [`${paint("red", marks.failed)} refused by ${machine}: nothing would change`, ...lines, ""].join(
      "\n",
    );
  }
  if (keys.length + files.length === 0) return `${machine} has this configuration already: nothing to do\n`;
  return [
    `Plan for ${machine}`,
    `  reboot   ${needsReboot ? "needed before all of it is in force" : "not needed"}`,
    ...(goneAfterReboot ? ["  lasts    until the next restart: this machine keeps nothing"] : []),
    ...toPart(`Keys   ${keys.length} changed`, renderKeyChanges(keys)),
    ...toPart(
      `Files   ${files.length} changed`,
      files.map(({ path, change }) => `${SIGNS[change] ?? "~"} ${toVisibleText(path)}`),
    ),
    ...toPart("Units   restarted, reloaded or started", units.map(toVisibleText)),
    "",
  ].join("\n");
}

function toPart(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}
