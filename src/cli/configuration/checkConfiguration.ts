import { describeFound } from "#config/configurationError.ts";
import type { Problem } from "#definition/problem.ts";

import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";
import { createPaint } from "../paint.ts";
import { renderResult } from "../renderResult.ts";
import { findProblems, readConfigurationFile } from "./configurationFile.ts";

/** `socle config check`: without a machine. What is wrong with the file is the result, so it goes to stdout. */
export async function checkConfiguration(
  path: string,
  { output, stdout, isQuiet }: Pick<CommandContext, "output" | "stdout" | "isQuiet">,
): Promise<ExitCode> {
  const problems = findProblems(await readConfigurationFile(path)).map(toDocument);
  const isValid = problems.length === 0;
  const document = {
    apiVersion: "socle/v1",
    kind: "ConfigurationCheck",
    file: path,
    valid: isValid,
    problems,
  };
  const render = () => {
    if (!isValid) return renderCheck(path, problems);
    return isQuiet ? "" : `${toMarks(process.env).ok} ${path} configures a machine\n`;
  };
  stdout(await renderResult(document, output, render));
  return isValid ? EXIT_CODE.ok : EXIT_CODE.failed;
}

type ProblemDocument = ReturnType<typeof toDocument>;

function toDocument(problem: Problem) {
  const { path, wanted, hint = null, line = null, column = null } = problem;
  return { path, line, column, found: describeFound(problem), wanted, hint };
}

function renderCheck(file: string, problems: readonly ProblemDocument[]): string {
  const paint = createPaint(process.stdout);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [
    `${paint("red", toMarks(process.env).failed)} ${paint("bold", `${file} does not configure a machine (${count})`)}`,
    ...problems.flatMap(({ line, column, found, wanted, hint }) => [
      "",
      `  ${paint("cyan", line === null ? file : `${file}:${line}:${column}`)}   ${found}`,
      `    wanted  ${wanted}`,
      ...(hint === null ? [] : [`    hint    ${hint}`]),
    ]),
    "",
    paint("dim", "  configuration-not-valid · docs/configuration.md"),
    "",
  ].join("\n");
}
