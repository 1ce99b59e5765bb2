import type { ChosenMachines } from "../chooseMachines.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";
import { toProblem, type Problem } from "../toProblem.ts";
import type { NamedMachine } from "../update/updateMachine.ts";

/** What became of one of several machines. */
export type Outcome<Answer> = { readonly machine: NamedMachine; readonly answer: Answer } | Failure;

export interface Failure {
  readonly machine: { readonly name: string };
  readonly problem: Problem;
}

/** Asks all of them at once. A machine that does not answer takes nothing from the others. */
export async function askMachines<Answer>(
  { names, find }: Extract<ChosenMachines, { readonly names: unknown }>,
  ask: (machine: NamedMachine) => Promise<Answer>,
  { signal }: Pick<CommandContext, "signal">,
): Promise<Outcome<Answer>[]> {
  return Promise.all(
    names.map(async (name): Promise<Outcome<Answer>> => {
      try {
        const machine = await find(name);
        return { machine, answer: await ask(machine) };
      } catch (error) {
        signal.throwIfAborted();
        return { machine: { name }, problem: toProblem(error) };
      }
    }),
  );
}

/** For programs: `{ machine, result }`, or `{ machine, problem }`. */
export function toProblemDocument({ code, title, body, hint, exitCode }: Problem): object {
  return { code: code ?? null, message: [title, ...body].join("\n"), hint: hint ?? null, exitCode };
}

/** Ends with a line break. */
export function renderFailure({ machine: { name }, problem: { title, body, hint } }: Failure): string {
  const fix =
    hint === undefined
      ? []
      : hint.split("\n").map((line, at) => `${at === 0 ? "  Fix   " : "        "}${line}`);
  return [`${toMarks(process.env).failed} ${name}: ${title}`, ...body, ...fix, ""].join("\n");
}

/** The highest: with several machines, the worst of them is what a script has to see to. */
export function toWorstExitCode(exitCodes: readonly ExitCode[]): ExitCode {
  return exitCodes.reduce((worst, code) => (code > worst ? code : worst), EXIT_CODE.ok);
}
