import type { ChosenMachines } from "../chooseMachines.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import type { View as Look } from "../update/renderGates.ts";
import { createView as createLook } from "../update/view.ts";
import {
  askMachines,
  renderFailure,
  toProblemDocument,
  toWorstExitCode,
  type Failure,
  type Outcome,
} from "./askMachines.ts";
import { joinTables, renderDrawnTables } from "./drawnTable.ts";
import type { MachineView, ViewContext } from "./machineView.ts";
import { watchView } from "./watchView.ts";

/** All that was answered to one question. */
export interface Glance {
  readonly document: object;
  /** For people; empty when nobody has answered. */
  readonly render: () => string;
  readonly failures: readonly Failure[];
  readonly exitCode: ExitCode;
}

/** Asks once and shows the answer; with `watch`, a number of milliseconds, again and again until Ctrl-C. */
export async function showView<Answer extends object>(
  chosen: ChosenMachines,
  view: MachineView<Answer>,
  { watch }: { readonly watch?: number | undefined },
  context: ViewContext,
): Promise<ExitCode> {
  const glance = () => glanceAt(chosen, view, context);
  if (watch !== undefined) {
    const title = "machine" in chosen ? chosen.machine.name : chosen.names.join(", ");
    return watchView(title, glance, watch, context);
  }
  const { document, render, failures, exitCode } = await glance();
  if (context.output !== "table") context.stdout(await renderResult(document, context.output, render));
  else {
    context.stdout(render());
    for (const failure of failures) context.stderr(renderFailure(failure));
  }
  return exitCode;
}

async function glanceAt<Answer extends object>(
  chosen: ChosenMachines,
  view: MachineView<Answer>,
  context: ViewContext,
): Promise<Glance> {
  const look = createLook(process.stdout);
  if ("names" in chosen)
    return toGlance(await askMachines(chosen, (machine) => view.ask(machine, context), context), view, look);
  const { machine } = chosen;
  const answer = await view.ask(machine, context);
  const { toDocument, draw, drawAlone, drawBare, toExitCode } = view;
  return {
    document: toDocument?.(answer, machine) ?? answer,
    render: () => {
      if (context.isQuiet && drawBare !== undefined) return drawBare(answer);
      return drawAlone?.(answer, look) ?? renderDrawnTables(draw(answer, look));
    },
    failures: [],
    exitCode: toExitCode?.(answer) ?? EXIT_CODE.ok,
  };
}

/** Of several machines: one document with a result or a problem of each; tables with a column that says whose row it is. */
export function toGlance<Answer extends object>(
  outcomes: readonly Outcome<Answer>[],
  { kind, toDocument, draw, toExitCode }: MachineView<Answer>,
  look: Look,
): Glance {
  const failures = outcomes.filter((outcome) => "problem" in outcome);
  const answered = outcomes.filter((outcome) => "answer" in outcome);
  const machines = outcomes.map((outcome) => {
    const { name } = outcome.machine;
    if ("problem" in outcome) return { machine: name, problem: toProblemDocument(outcome.problem) };
    return { machine: name, result: toDocument?.(outcome.answer, outcome.machine) ?? outcome.answer };
  });
  return {
    document: { apiVersion: "socle/v1", kind: `${kind}List`, machines },
    render: () => {
      const drawn = answered.map(({ machine, answer }) => ({
        machine: machine.name,
        tables: draw(answer, look),
      }));
      const count = drawn[0]?.tables.length ?? 0;
      return renderDrawnTables(
        Array.from({ length: count }, (_, at) =>
          joinTables(
            drawn.flatMap(({ machine, tables }) =>
              tables.slice(at, at + 1).map((table) => ({ machine, table })),
            ),
          ),
        ),
      );
    },
    failures,
    exitCode: toWorstExitCode([
      ...failures.map(({ problem }) => problem.exitCode),
      ...answered.map(({ answer }) => toExitCode?.(answer) ?? EXIT_CODE.ok),
    ]),
  };
}
