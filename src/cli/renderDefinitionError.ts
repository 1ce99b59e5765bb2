import { relative } from "node:path";
import type { DefinitionError } from "#definition/definitionError.ts";
import { describeProblem } from "#definition/problem.ts";
import type { Problem } from "#definition/problem.ts";
import { toExcerpt } from "#definition/toExcerpt.ts";
import type { Marks } from "./marks.ts";
import type { Paint } from "./paint.ts";

export interface DefinitionErrorView {
  readonly marks: Pick<Marks, "failed">;
  readonly paint: Paint;
  /** File names are shown relative to this folder. */
  readonly folder: string;
}

/** Every problem with its place, its line and what was wanted. Ends with a line break. */
export function renderDefinitionError(
  error: DefinitionError,
  { marks, paint, folder }: DefinitionErrorView,
): string {
  const name = error.file === undefined ? "the definition" : shorten(error.file, folder);
  const count = error.problems.length === 1 ? "1 problem" : `${error.problems.length} problems`;
  const title = `${paint("red", marks.failed)} ${paint("bold", `${name} does not describe a system yet (${count})`)}`;
  const problems = error.problems.flatMap((problem) => ["", ...renderOne(problem, error, paint, folder)]);
  return [title, ...problems, "", paint("dim", `  ${error.code} · docs/definition.md`), ""].join("\n");
}

function renderOne(problem: Problem, error: DefinitionError, paint: Paint, folder: string): string[] {
  const { file, line, column, wanted, hint, kind } = problem;
  const place =
    file === undefined ? "" : `${shorten(file, folder)}${line === undefined ? "" : `:${line}:${column}`}   `;
  const text = file === undefined ? undefined : error.sourceTexts.get(file);
  const isTypo = kind === "unknown-key" && hint !== undefined;
  const first = `  ${paint("cyan", place)}${describeProblem(problem)}${isTypo ? ` — ${hint}` : ""}`;
  const excerpt =
    text === undefined || line === undefined || column === undefined ? [] : toExcerpt(text, { line, column });
  // A typo says it all; the other keys would only bury what was meant.
  const advice = isTypo
    ? []
    : [`    wanted  ${wanted}`, ...(hint === undefined ? [] : [`    hint    ${hint}`])];
  return [first, ...excerpt, ...advice];
}

function shorten(file: string, folder: string): string {
  const name = relative(folder, file);
  return name.startsWith("../..") ? file : name;
}
