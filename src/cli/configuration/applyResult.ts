import { toVisibleText } from "../diff/visibleText.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import type { View as Look } from "../update/renderGates.ts";
import type { ApplyEnd } from "./followApply.ts";
import { renderMachineProblems, toProblemDocument } from "./machineProblems.ts";

/** For programs: what came of `socle config apply` and `rollback`. */
export function toApplyResult(machine: string, end: ApplyEnd) {
  return {
    apiVersion: "socle/v1",
    kind: "ConfigurationResult",
    machine,
    outcome: end.outcome,
    /** null when nothing was applied. */
    generation: "generation" in end && end.generation !== 0 ? end.generation : null,
    /** RFC 3339; null when it is not on trial. */
    trialUntil: end.outcome === "on-trial" ? end.until.toISOString() : null,
    revertedBecause: end.outcome === "reverted" ? end.because : null,
    problems: end.outcome === "refused" ? end.problems.map(toProblemDocument) : [],
  };
}

export type ApplyResult = ReturnType<typeof toApplyResult>;

const EXIT_CODES: Readonly<Record<ApplyEnd["outcome"], ExitCode>> = {
  applied: EXIT_CODE.ok,
  "on-trial": EXIT_CODE.ok,
  "taken-back": EXIT_CODE.ok,
  reverted: EXIT_CODE.rolledBack,
  refused: EXIT_CODE.failed,
};

export function toApplyExitCode({ outcome }: ApplyResult): ExitCode {
  return EXIT_CODES[outcome];
}

export function renderApplyResult(result: ApplyResult, { marks, paint, now, command }: Look): string {
  const { machine, outcome, generation, trialUntil, revertedBecause, problems } = result;
  switch (outcome) {
    case "applied":
      return `${paint("green", marks.ok)} ${machine} follows generation ${generation}\n`;
    case "on-trial":
      return [
        `${paint("yellow", marks.running[0] ?? "")} ${machine} follows generation ${generation} on trial: it goes back by itself ${formatRelativeTime(new Date(trialUntil ?? now), now)}`,
        `  Keep it    ${command} config confirm ${generation} --context ${machine}`,
        `  Take back  ${command} config rollback --context ${machine}`,
        "",
      ].join("\n");
    case "taken-back":
      return `${paint("green", marks.ok)} ${machine} follows what it followed before; generation ${generation ?? ""} is taken back\n`;
    case "reverted":
      return [
        `${paint("red", marks.failed)} ${machine} went back by itself: generation ${generation ?? ""} does not stay`,
        `  Why   ${toVisibleText(revertedBecause ?? "")}`,
        "",
      ].join("\n");
    case "refused":
      return [
        `${paint("red", marks.failed)} ${machine} refuses the document: nothing was changed`,
        ...renderMachineProblems(problems),
        "",
      ].join("\n");
  }
}
