import type { ChosenMachines } from "./chooseMachines.ts";
import type { CommandContext } from "./commandContext.ts";
import { EXIT_CODE, type ExitCode } from "./exitCode.ts";
import { renderResult } from "./renderResult.ts";
import { toProblem } from "./toProblem.ts";
import type { NamedMachine } from "./update/updateMachine.ts";
import { renderFailure, toProblemDocument, toWorstExitCode } from "./view/askMachines.ts";

type TurnContext = Pick<CommandContext, "output" | "stdout" | "stderr" | "report" | "signal">;

type Turn =
  | { readonly machine: string; readonly exitCode: ExitCode; readonly result: unknown }
  | { readonly machine: string; readonly exitCode: ExitCode; readonly problem: object }
  /** Not its turn any more. */
  | { readonly machine: string; readonly skipped: true };

/**
 * Does for one machine after the other what a command does for one. The first failure ends it, unless it is to keep going:
 * what broke one machine does not get to the next. Results of programs are collected into one document.
 * @returns the worst exit code
 */
export async function inTurn<Context extends TurnContext>(
  kind: string,
  { names, find }: Extract<ChosenMachines, { readonly names: unknown }>,
  work: (machine: NamedMachine, context: Context) => Promise<ExitCode>,
  { keepGoing = false }: { readonly keepGoing?: boolean | undefined },
  context: Context,
): Promise<ExitCode> {
  const turns: Turn[] = [];
  let worst: ExitCode = EXIT_CODE.ok;
  for (const name of names) {
    if (worst === EXIT_CODE.interrupted || (worst !== EXIT_CODE.ok && !keepGoing)) {
      turns.push({ machine: name, skipped: true });
      if (context.output === "table") context.stderr(`- ${name}: not changed, since one before it failed\n`);
      continue;
    }
    const turn = await takeTurn(name, async (own) => work(await find(name), own), context);
    turns.push(turn);
    worst = toWorstExitCode([worst, turn.exitCode]);
  }
  if (context.output !== "table") {
    const document = { apiVersion: "socle/v1", kind: `${kind}List`, machines: turns };
    context.stdout(await renderResult(document, context.output, () => ""));
  }
  return worst;
}

async function takeTurn<Context extends TurnContext>(
  name: string,
  work: (context: Context) => Promise<ExitCode>,
  context: Context,
): Promise<Exclude<Turn, { skipped: true }>> {
  const isTable = context.output === "table";
  let text = "";
  if (isTable) context.report({ kind: "note", level: "info", message: `${name}:` });
  const collected = { ...context, output: "json", stdout: (more: string) => void (text += more) } as const;
  try {
    const exitCode = await work(isTable ? context : collected);
    return { machine: name, exitCode, result: text === "" ? null : (JSON.parse(text) as unknown) };
  } catch (error) {
    context.signal.throwIfAborted();
    const problem = toProblem(error);
    if (isTable) context.stderr(renderFailure({ machine: { name }, problem }));
    return { machine: name, exitCode: problem.exitCode, problem: toProblemDocument(problem) };
  }
}
