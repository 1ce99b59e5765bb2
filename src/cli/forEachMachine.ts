import type { FindMachine } from "./chooseMachines.ts";
import type { CommandContext } from "./commandContext.ts";
import type { ExitCode } from "./exitCode.ts";
import { findMachineAccess } from "./findMachineAccess.ts";
import { renderResult } from "./renderResult.ts";
import type { Column } from "./table.ts";
import type { NamedMachine } from "./update/updateMachine.ts";
import { createView as createLook } from "./update/view.ts";
import { askMachines, renderFailure } from "./view/askMachines.ts";
import { drawTable } from "./view/drawnTable.ts";
import { toGlance } from "./view/showView.ts";

/** What a command asks of each of several machines, and how the answers look beside each other. */
export interface NodeView<Answer extends object, Row> {
  /** Of the document for one machine, e.g. `MachineStatus`; the list is a `MachineStatusList`. */
  readonly kind: string;
  /** @returns the document that the command gives for one machine with `-o json` */
  readonly ask: (machine: NamedMachine) => Promise<Answer>;
  readonly toRows: (answer: Answer) => readonly Row[];
  readonly columns: readonly Column<Row>[];
}

/**
 * Asks all of them at once. A machine that does not answer takes nothing from the others: its row is missing, and why
 * stands below; as JSON it has a `problem`.
 * @returns the worst exit code
 */
export async function forEachMachine<Answer extends object, Row>(
  names: readonly string[],
  { kind, ask, toRows, columns }: NodeView<Answer, Row>,
  context: Pick<CommandContext, "output" | "stdout" | "stderr" | "report" | "signal">,
  find: FindMachine = (name) => findMachineAccess(name, context),
): Promise<ExitCode> {
  const outcomes = await askMachines({ names, find }, ask, context);
  const view = { kind, ask, draw: (answer: Answer) => [drawTable(toRows(answer), columns, "Nothing")] };
  const { document, render, failures, exitCode } = toGlance(outcomes, view, createLook(process.stdout));
  context.stdout(await renderResult(document, context.output, render));
  if (context.output === "table") for (const failure of failures) context.stderr(renderFailure(failure));
  return exitCode;
}
