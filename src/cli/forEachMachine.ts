import type { CommandContext } from "./commandContext.ts";
import { EXIT_CODE, type ExitCode } from "./exitCode.ts";
import { findMachineAccess } from "./findMachineAccess.ts";
import { toMarks } from "./marks.ts";
import { renderResult } from "./renderResult.ts";
import { renderTable, type Column } from "./table.ts";
import { toProblem, type Problem } from "./toProblem.ts";
import type { NamedMachine } from "./update/updateMachine.ts";

/** What a command asks of each of several machines, and how the answers look beside each other. */
export interface NodeView<Answer extends object, Row> {
  /** Of the list as JSON, e.g. `MachineStatusList`. */
  readonly kind: string;
  /** @returns the document that the command gives for one machine with `-o json` */
  readonly ask: (machine: NamedMachine) => Promise<Answer>;
  readonly toRows: (answer: Answer) => readonly Row[];
  readonly columns: readonly Column<Row>[];
}

type Outcome<Answer> =
  | { readonly node: string; readonly answer: Answer }
  | { readonly node: string; readonly problem: Problem };

/**
 * Asks all of them at once. A machine that does not answer takes nothing from the others: its row is missing, and why
 * stands below; as JSON it has a `problem`.
 * @returns 0 when all have answered; the exit code that all failures share; else 1
 */
export async function forEachMachine<Answer extends object, Row>(
  names: readonly string[],
  { kind, ask, toRows, columns }: NodeView<Answer, Row>,
  context: Pick<CommandContext, "output" | "stdout" | "stderr" | "report" | "signal">,
  find: (name: string) => Promise<NamedMachine> = (name) => findMachineAccess(name, context),
): Promise<ExitCode> {
  const outcomes = await Promise.all(
    names.map(async (node): Promise<Outcome<Answer>> => {
      try {
        return { node, answer: await ask(await find(node)) };
      } catch (error) {
        context.signal.throwIfAborted();
        return { node, problem: toProblem(error) };
      }
    }),
  );
  const failed = outcomes.filter((outcome) => "problem" in outcome);
  const toTable = () => {
    const rows = outcomes.flatMap((outcome) =>
      "answer" in outcome ? toRows(outcome.answer).map((row) => ({ node: outcome.node, row })) : [],
    );
    const inNode = columns.map(({ value, ...column }) => ({
      ...column,
      value: ({ row }: { row: Row }) => value(row),
    }));
    return renderTable([{ header: "NODE", value: ({ node }: { node: string }) => node }, ...inNode], rows);
  };
  const document = { apiVersion: "socle/v1", kind, nodes: outcomes.map(toDocument) };
  if (context.output !== "table" || failed.length < outcomes.length)
    context.stdout(await renderResult(document, context.output, toTable));
  if (context.output === "table")
    for (const { node, problem } of failed) context.stderr(renderFailed(node, problem));
  return toExitCode(failed.map(({ problem }) => problem.exitCode));
}

function toDocument<Answer extends object>(outcome: Outcome<Answer>): object {
  if ("answer" in outcome) return { node: outcome.node, ...outcome.answer };
  const { code = null, title, hint = null } = outcome.problem;
  return { node: outcome.node, problem: { code, message: title, hint } };
}

function renderFailed(node: string, { title, hint }: Problem): string {
  const fix = hint === undefined ? "" : `  Fix   ${hint.replaceAll("\n", "\n        ")}\n`;
  return `${toMarks(process.env).failed} ${node}: ${title}\n${fix}`;
}

function toExitCode([first, ...others]: readonly ExitCode[]): ExitCode {
  if (first === undefined) return EXIT_CODE.ok;
  return others.every((code) => code === first) ? first : EXIT_CODE.failed;
}
