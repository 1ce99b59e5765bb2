import { join } from "node:path";
import { CommanderError } from "@commander-js/extra-typings";
import type { CommandContext } from "./commandContext.ts";
import { EXIT_CODE, type ExitCode } from "./exitCode.ts";
import { watchInterrupts } from "./interrupts.ts";
import { createProgram } from "./program.ts";
import { chooseProgressMode } from "./progress/progressMode.ts";
import type { CommandTraits, GlobalOptions } from "./rootCommand.ts";

const PROJECT_ROOT = join(import.meta.dirname, "../..");

/** Follows a command line to its end and returns the exit code. */
export async function runCli(words: readonly string[]): Promise<number> {
  let exitCode: number = EXIT_CODE.ok;
  const program = createProgram(async (options, work, traits) => {
    exitCode = await runCommand(options, work, traits);
  });
  if (words.length === 0) {
    program.outputHelp();
    return EXIT_CODE.ok;
  }
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // The parser has said what is wrong. Help and version end this way too, with 0.
    return error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage;
  }
  return exitCode;
}

async function runCommand(
  options: GlobalOptions,
  work: (context: CommandContext) => Promise<number>,
  { failedCode, isOnlooker = false }: CommandTraits = {},
): Promise<number> {
  const { stdin, stdout, stderr, env } = process;
  const mode = chooseProgressMode(options, stderr, env);
  const { createReport } = await import("./progress/createReport.ts");
  const { report, aside, close } = await createReport(mode, stderr, env);
  const interrupts = watchInterrupts(() => {
    if (mode !== "json" && !isOnlooker) aside(() => stderr.write("Stopping; once more leaves at once.\n"));
  });
  try {
    const exitCode = await work({
      stdout: (text) => aside(() => stdout.write(text)),
      stderr: (text) => aside(() => stderr.write(text)),
      report,
      signal: interrupts.signal,
      isTerminal: stdin.isTTY && mode === "tty",
      output: options.format ?? (options.json === true ? "json" : "table"),
      isQuiet: options.quiet === true,
      projectRoot: PROJECT_ROOT,
    });
    close();
    return exitCode === EXIT_CODE.interrupted ? (interrupts.exitCode() ?? exitCode) : exitCode;
  } catch (error) {
    close();
    const view = { asJson: mode === "json", withTrace: options.debug === true, failedCode };
    return await tellProblem(error, interrupts.exitCode(), view);
  } finally {
    interrupts.close();
  }
}

/** Writes the error to stderr and returns the exit code. */
async function tellProblem(
  error: unknown,
  interruptedCode: number | undefined,
  {
    asJson,
    withTrace,
    failedCode = EXIT_CODE.failed,
  }: { asJson: boolean; withTrace: boolean; failedCode: ExitCode | undefined },
): Promise<number> {
  const [{ toProblem }, { renderProblem, renderProblemJson }, { toMarks }, { createPaint }] =
    await Promise.all([
      import("./toProblem.ts"),
      import("./renderProblem.ts"),
      import("./marks.ts"),
      import("./paint.ts"),
    ]);
  const { DefinitionError } = await import("#definition/definitionError.ts");
  const { renderDefinitionError } = await import("./renderDefinitionError.ts");
  // Whatever fails after Ctrl-C fails because of it.
  const cause = interruptedCode === undefined ? error : new DOMException("interrupted", "AbortError");
  const told = toProblem(cause);
  const problem = told.exitCode === EXIT_CODE.failed ? { ...told, exitCode: failedCode } : told;
  const { stderr, env } = process;
  const view = { marks: toMarks(env), paint: createPaint(stderr), folder: process.cwd() };
  if (asJson) stderr.write(renderProblemJson(problem, new Date()));
  else if (cause instanceof DefinitionError) stderr.write(renderDefinitionError(cause, view));
  else stderr.write(renderProblem(problem, view.marks, view.paint));
  if (withTrace) stderr.write(`\n${toProblem(error).trace}\n`);
  return interruptedCode ?? problem.exitCode;
}
