import { stringify } from "yaml";

import type { ChosenMachines } from "../chooseMachines.ts";
import type { CommandContext, OutputFormat } from "../commandContext.ts";
import type { ExitCode } from "../exitCode.ts";
import { padToWidth } from "../fitToWidth.ts";
import { toProblem } from "../toProblem.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { renderFailure, toWorstExitCode } from "../view/askMachines.ts";

type Context = Pick<CommandContext, "stdout" | "stderr" | "signal" | "output">;
type ShowLines = (machine: NamedMachine, context: Context) => Promise<ExitCode>;

/**
 * What comes line by line, of one machine, or of several as it comes: then each line says whose it is. A machine that
 * does not answer, or stops to, takes nothing from the others.
 */
export async function showLinesOf(
  chosen: ChosenMachines,
  show: ShowLines,
  context: Context,
): Promise<ExitCode> {
  if ("machine" in chosen) return show(chosen.machine, context);
  const { names, find } = chosen;
  const width = Math.max(...names.map((name) => name.length));
  const exitCodes = await Promise.all(
    names.map(async (name) => {
      const stdout = (text: string) => context.stdout(toOwnedText(text, name, width, context.output));
      try {
        return await show(await find(name), { ...context, stdout });
      } catch (error) {
        context.signal.throwIfAborted();
        const problem = toProblem(error);
        context.stderr(renderFailure({ machine: { name }, problem }));
        return problem.exitCode;
      }
    }),
  );
  return toWorstExitCode(exitCodes);
}

/** One record, as writeRecord.ts writes it. */
function toOwnedText(text: string, machine: string, width: number, output: OutputFormat): string {
  switch (output) {
    case "table":
      return text.replaceAll(/^(?=.)/gm, () => `${padToWidth(machine, width)}  `);
    case "json":
      return text.replace(/^\{/, () => `{"machine":${JSON.stringify(machine)},`);
    case "yaml":
      return text.replace(/^---\n/, () => `---\n${stringify({ machine })}`);
  }
}
