import type { ConfigurationProblem } from "#protocol/gen/socle/v1/configuration_pb.ts";

import { toVisibleText } from "../diff/visibleText.ts";

/** What a machine has against a document, for programs. */
export function toProblemDocument({ path, found, wanted, hint }: ConfigurationProblem) {
  return { path, found, wanted, hint: hint === "" ? null : hint };
}

export type ProblemDocument = ReturnType<typeof toProblemDocument>;

/** Each with what was wanted; every line indented. */
export function renderMachineProblems(problems: readonly ProblemDocument[]): string[] {
  return problems.flatMap(({ found, path, wanted, hint }) => [
    `  ${toVisibleText(found === "" ? path : found)}`,
    `    wanted  ${toVisibleText(wanted)}`,
    ...(hint === null ? [] : [`    hint    ${toVisibleText(hint)}`]),
  ]);
}
