import { describeProblem, type Problem } from "#definition/problem.ts";
import { SocleError } from "#progress/socleError.ts";

import { hideSecrets } from "./hideSecrets.ts";

/** A document that does not configure a machine, with everything that is wrong with it. */
export class ConfigurationError extends SocleError<"configuration-not-valid"> {
  override readonly name = "ConfigurationError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map((problem) => `  ${describeConfigurationProblem(problem)}`);
    super(
      "configuration-not-valid",
      [`The document does not configure a machine (${count})`, ...lines].join("\n"),
      {
        hint: "docs/configuration.md lists every key",
      },
    );
    this.problems = problems;
  }
}

/** What was found, without secrets: `hostname is "edge_01"`. */
export function describeFound(problem: Problem): string {
  return problem.path === "" ? "the document is not usable" : hideSecrets(describeProblem(problem));
}

/** The whole sentence, on one line: `hostname is "edge_01": wanted a host name … (a host name has no "_"; use "-")`. */
export function describeConfigurationProblem(problem: Problem): string {
  const hint = problem.hint === undefined ? "" : ` (${problem.hint})`;
  return `${describeFound(problem)}: wanted ${problem.wanted}${hint}`;
}
