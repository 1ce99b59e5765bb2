import type { Marks } from "./marks.ts";
import type { Paint } from "./paint.ts";
import type { Problem } from "./toProblem.ts";

/** A tool that fails may say a lot first; the end of it is where the reason stands. */
const TAIL_LINES = 20;

/** Three parts: what failed, why, what to do next. Ends with a line break. */
export function renderProblem(problem: Problem, marks: Marks, paint: Paint): string {
  const lines = [`${paint("red", marks.failed)} ${paint("bold", problem.title)}`, ...problem.body];

  const tail = problem.outputTail?.trimEnd() ?? "";
  if (tail !== "") {
    lines.push(
      "",
      "  last lines:",
      ...tail
        .split("\n")
        .slice(-TAIL_LINES)
        .map((line) => `    ${line}`),
      "",
    );
  }
  for (const cause of problem.causes) lines.push(...toPart("Why", cause));
  if (problem.hint !== undefined) lines.push(...toPart("Fix", problem.hint));
  if (problem.code !== undefined) lines.push(paint("dim", `  ${problem.code} · docs/errors.md`));
  return `${lines.join("\n")}\n`;
}

/** `  Why   first line`, the next lines below the first. */
function toPart(name: string, text: string): string[] {
  const indent = " ".repeat(8);
  return text.split("\n").map((line, index) => (index === 0 ? `  ${name}   ${line}` : indent + line));
}

/** The same for a program: one JSON object, in the stream of progress events. */
export function renderProblemJson(problem: Problem, at: Date): string {
  const { title, body, causes, code, hint, outputTail, exitCode } = problem;
  const message = [title, ...body].join("\n");
  return `${JSON.stringify({ at: at.toISOString(), kind: "failed", code, message, causes, hint, outputTail, exitCode })}\n`;
}
