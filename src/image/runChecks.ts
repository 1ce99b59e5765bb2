import { setTimeout } from "node:timers/promises";

import { reportStep, type Report } from "#progress/events.ts";
import type { Check, CheckInput, Finding } from "#release/checks/check.ts";

import { ChecksError, type CheckOutcome } from "./checksError.ts";

export interface ChecksRun {
  readonly report: Report;
  readonly signal: AbortSignal;
  /** For each check. One that computes without ever awaiting anything cannot be stopped. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/**
 * Asks every check, one after the other, in this process.
 * @throws {ChecksError} with everything that they found.
 */
export async function runChecks(
  checks: readonly Check[],
  release: CheckInput,
  { report, signal, timeoutMs = TIMEOUT_MS }: ChecksRun,
): Promise<void> {
  await reportStep(report, "checks", async () => {
    const outcomes: CheckOutcome[] = [];
    for (const [done, check] of checks.entries()) {
      const { name } = check;
      report({
        kind: "step-progress",
        step: "checks",
        done,
        total: checks.length,
        unit: "items",
        detail: name,
      });
      outcomes.push(await runCheck(check, release, timeoutMs, signal));
    }
    if (outcomes.some(({ kind }) => kind !== "passed"))
      throw new ChecksError(`${release.id} ${release.version}`, outcomes);
    return { value: undefined, detail: checks.length === 1 ? "1 check" : `${checks.length} checks` };
  });
}

async function runCheck(
  { name, check }: Check,
  release: CheckInput,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  signal.throwIfAborted();
  const over = new AbortController();
  const limit = setTimeout(
    timeoutMs,
    { kind: "broken", name, why: `no answer in ${timeoutMs / 1000} s` } as const,
    {
      signal: AbortSignal.any([signal, over.signal]),
    },
  );
  // What it throws has nothing to do with errors of the build, and so becomes no cause of one.
  const answer = (async () => toOutcome(name, await check(release)))().catch((error: unknown) => {
    return { kind: "broken", name, why: describeThrown(error) } as const;
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    over.abort();
    limit.catch(() => {}); // stopping it is no failure
  }
}

function toOutcome(name: string, answer: unknown): CheckOutcome {
  const why = (found: string) =>
    `it returned ${found}, wanted a list of findings: texts, or { path, message }`;
  if (!Array.isArray(answer)) return { kind: "broken", name, why: why(describeKind(answer)) };
  const wrong = answer.findIndex((finding) => !isFinding(finding));
  if (wrong >= 0)
    return { kind: "broken", name, why: why(`${describeKind(answer[wrong])} as item ${wrong} of its list`) };
  return answer.length === 0
    ? { kind: "passed", name }
    : { kind: "found", name, findings: answer as Finding[] }; // each is one
}

function isFinding(value: unknown): value is Finding {
  if (typeof value === "string") return value.trim() !== "";
  if (typeof value !== "object" || value === null || !("message" in value)) return false;
  const { message, path, ...others } = value as { message: unknown; path?: unknown };
  return (
    typeof message === "string" &&
    message.trim() !== "" &&
    (path === undefined || typeof path === "string") &&
    Object.keys(others).length === 0
  );
}

function describeKind(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object") return value === "" ? "an empty text" : `a ${typeof value}`;
  return `an object with ${Object.keys(value).join(", ") || "no keys"}`;
}

/** The error, and the place that its stack names first: the definition's file is loaded with `?changed=…`. */
function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${describeKind(error)}`;
  const [, place] = /^ +at .*?\(?(?:file:\/\/)?(\/[^()\n]*:\d+:\d+)\)?$/m.exec(error.stack ?? "") ?? [];
  const said = `it threw ${error.name}: ${error.message}`;
  return place === undefined ? said : `${said}\nat ${place.replace(/\?changed=\d+/, "")}`;
}
