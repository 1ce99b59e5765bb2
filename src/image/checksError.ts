import { stripVTControlCharacters } from "node:util";

import { SocleError } from "#progress/socleError.ts";
import type { Finding } from "#release/checks/check.ts";

/** What came of one check. */
export type CheckOutcome =
  | { readonly kind: "passed"; readonly name: string }
  | { readonly kind: "found"; readonly name: string; readonly findings: readonly Finding[] }
  /** It threw, took too long or returned something else than findings: nobody knows what it would have found. */
  | { readonly kind: "broken"; readonly name: string; readonly why: string };

/** A release that its own definition does not want: `check-broken` where checks failed and none found anything. */
export class ChecksError extends SocleError<"checks-failed" | "check-broken"> {
  override readonly name = "ChecksError";
  readonly outcomes: readonly CheckOutcome[];

  constructor(release: string, outcomes: readonly CheckOutcome[]) {
    const found = outcomes.filter(({ kind }) => kind === "found").length;
    const broken = outcomes.filter(({ kind }) => kind === "broken").length;
    const counts = [
      ...(found === 0 ? [] : [`${found} of ${toChecks(outcomes.length)} found something`]),
      ...(broken === 0
        ? []
        : [`${found === 0 ? `${broken} of ${toChecks(outcomes.length)}` : broken} broke`]),
    ];
    super(
      found > 0 ? "checks-failed" : "check-broken",
      [`Cannot release ${release}: ${counts.join(", ")}`, ...outcomes.flatMap(toLines)].join("\n"),
      {
        hint: "Change the system, or the check in its definition where it asks too much.\nNothing was written; a release that was there before is as it was.",
      },
    );
    this.outcomes = outcomes;
  }
}

function toChecks(count: number): string {
  return count === 1 ? "1 check" : `${count} checks`;
}

function toLines(outcome: CheckOutcome): string[] {
  switch (outcome.kind) {
    case "passed":
      return [];
    case "found":
      return [
        "",
        `  ${outcome.name}`,
        ...outcome.findings.map((finding) => indent(describeFinding(finding))),
      ];
    case "broken":
      return ["", `  ${outcome.name}`, indent(`broke: ${outcome.why}`)];
  }
}

/** `/usr/bin/su   runs as user 0 (mode 04755)` */
export function describeFinding(finding: Finding): string {
  if (typeof finding === "string") return finding;
  return finding.path === undefined ? finding.message : `${finding.path}   ${finding.message}`;
}

/** Below the name of its check. Names of files can hold anything, but must not draw on the terminal. */
function indent(text: string): string {
  const lines = stripVTControlCharacters(text).trim().split("\n");
  return lines.map((line) => `    ${line.replaceAll(/\p{Cc}/gu, " ")}`).join("\n");
}
