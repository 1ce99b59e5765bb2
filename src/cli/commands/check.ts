import { stringify } from "yaml";
import { DefinitionError } from "#definition/definitionError.ts";
import { toLevelName } from "#definition/levels.ts";
import type { Problem } from "#definition/problem.ts";
import { formatSize } from "#definition/size.ts";
import type { Check } from "#release/checks/check.ts";
import { loadDefinition, type LoadedDefinition } from "#system/loadDefinition.ts";
import type { CommandContext } from "../commandContext.ts";
import type { DefinitionArguments } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";
import { createPaint } from "../paint.ts";
import { renderDefinitionError } from "../renderDefinitionError.ts";

/** Says whether a file describes a system. What is wrong with it is the result, so it goes to stdout. */
export async function check(
  { file }: DefinitionArguments,
  _options: object,
  context: CommandContext,
): Promise<ExitCode> {
  const outcome = await loadDefinition(file).catch((error: unknown) => {
    if (error instanceof DefinitionError) return error;
    throw error;
  });
  const isValid = !(outcome instanceof DefinitionError);
  if (context.output !== "table") {
    const document = isValid ? toDocument(file, outcome.checks, []) : toDocument(file, [], outcome.problems);
    context.stdout(
      context.output === "json" ? `${JSON.stringify(document, null, 2)}\n` : stringify(document),
    );
  } else if (!isValid) {
    const view = { marks: toMarks(process.env), paint: createPaint(process.stdout), folder: process.cwd() };
    context.stdout(renderDefinitionError(outcome, view));
  } else if (!context.isQuiet) {
    context.stdout(`${toMarks(process.env).ok} ${summarise(outcome)}\n`);
  }
  return isValid ? EXIT_CODE.ok : EXIT_CODE.failed;
}

function toDocument(file: string, checks: readonly Check[], problems: readonly Problem[]): object {
  return {
    apiVersion: "socle/v1",
    kind: "DefinitionCheck",
    file,
    valid: problems.length === 0,
    checks: checks.map(({ name }) => name),
    problems: problems.map(({ keys: _keys, value, ...problem }) => ({ ...problem, value: toPlain(value) })),
  };
}

/** A definition in TypeScript can hold any value where it is wrong; JSON has no functions and no cycles. */
function toPlain(value: unknown): unknown {
  const isPlain = value === null || ["string", "number", "boolean"].includes(typeof value);
  return isPlain ? value : typeof value;
}

function summarise({ definition, checks }: LoadedDefinition): string {
  const { id, version, distribution, policies, packages, files, disk } = definition;
  const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const parts = [
    `${id} ${version}`,
    `level ${toLevelName(policies)}`,
    distribution.suite,
    counted(packages.length, "package"),
    counted(Object.keys(files).length, "file"),
    `disk ${formatSize(disk.sizeBytes)}`,
    ...(checks.length === 0 ? [] : [counted(checks.length, "check")]),
  ];
  return parts.join(" · ");
}
