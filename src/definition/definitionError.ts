import { SocleError } from "#progress/socleError.ts";
import { describeProblem } from "./problem.ts";
import type { Problem } from "./problem.ts";

/** A definition that does not describe a system, with everything that is wrong with it. */
export class DefinitionError extends SocleError<"definition-not-valid"> {
  override readonly name = "DefinitionError";
  readonly problems: readonly Problem[];
  /** The file that was asked for, when it came from one. */
  readonly file: string | undefined;
  /** Text of the files that problems point into, to show the line. */
  readonly sourceTexts: ReadonlyMap<string, string>;

  constructor(
    problems: readonly Problem[],
    origin: { file?: string; sourceTexts?: ReadonlyMap<string, string> } = {},
  ) {
    const subject = origin.file === undefined ? "The definition" : `"${origin.file}"`;
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map(
      (problem) => `  ${formatPlace(problem)}${describeProblem(problem)}: wanted ${problem.wanted}`,
    );
    super(
      "definition-not-valid",
      [`${subject} does not describe a system yet (${count})`, ...lines].join("\n"),
    );
    this.problems = problems;
    this.file = origin.file;
    this.sourceTexts = origin.sourceTexts ?? new Map();
  }
}

/** `system.ts:14:5   `, as far as it is known. */
export function formatPlace({ file, line, column }: Problem): string {
  if (file === undefined) return "";
  return line === undefined ? `${file}   ` : `${file}:${line}:${column}   `;
}
