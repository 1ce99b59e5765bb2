import type { GetUpdateStateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import { wrapText } from "../diff/wrapText.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import type { OperationEnd } from "./followOperation.ts";
import { renderGates, type View } from "./renderGates.ts";
import {
  findFailure,
  isInTheWay,
  toGateDocument,
  toUpdateStateDocument,
  type GateDocument,
  type HealthReportDocument,
} from "./updateStateDocument.ts";

/** For programs: how an update, or a way back, ended. */
export interface UpdateResult {
  readonly apiVersion: "socle/v1";
  readonly kind: "UpdateResult";
  readonly machine: string;
  readonly operation: "apply" | "rollback";
  readonly outcome: "done" | "staged" | "up-to-date" | "refused" | "cancelled" | "rolled-back";
  /** What ran before. */
  readonly from: string;
  /** What was to run; null when that was never known. */
  readonly version: string | null;
  /** What runs now. */
  readonly running: string;
  /** Refused: the closed ones. Staged: those that keep the machine from restarting. */
  readonly gates: readonly GateDocument[];
  /** Rolled back: why, in the machine's words; null when it has none. */
  readonly reason: string | null;
  /** Done: of the boot that runs. Rolled back: of the boots that failed, the newest first. */
  readonly health: readonly HealthReportDocument[];
}

export interface Intent {
  readonly machine: string;
  readonly operation: UpdateResult["operation"];
  readonly from: string;
  readonly version: string;
}

/** Of an operation without a restart. */
export function toUpdateResult(
  intent: Intent,
  {
    outcome,
    version,
    gates,
  }: OperationEnd & { readonly outcome: Exclude<OperationEnd["outcome"], "rebooting"> },
): UpdateResult {
  // What was staged has been taken back: the next boot starts what runs.
  const isBack = outcome === "staged" && version === intent.from;
  return {
    ...toBare(intent),
    outcome: isBack ? "done" : outcome,
    version: version || intent.version || null,
    gates: gates.map(toGateDocument).filter(({ open }) => !open),
  };
}

/** Refused before anything was asked for. */
export function toRefusal(intent: Intent, gates: readonly GateDocument[]): UpdateResult {
  return { ...toBare(intent), outcome: "refused", gates: gates.filter(isInTheWay) };
}

/** Of one with a restart, by what runs after it. */
export function toVerdict(intent: Intent, state: GetUpdateStateResponse): UpdateResult {
  const document = toUpdateStateDocument(state);
  const { runningVersion, healthReports, bootId } = document;
  const bare = { ...toBare(intent), running: runningVersion };
  if (runningVersion === intent.version)
    return { ...bare, outcome: "done", health: healthReports.filter((report) => report.bootId === bootId) };
  const { reason, evidence } = findFailure(document, intent.version);
  return { ...bare, outcome: "rolled-back", reason, health: evidence };
}

function toBare({ machine, operation, from, version }: Intent) {
  return {
    apiVersion: "socle/v1",
    kind: "UpdateResult",
    machine,
    operation,
    from,
    version: version || null,
    running: from,
    gates: [],
    reason: null,
    health: [],
  } as const;
}

/** Of closed gates that say more than "not now". */
const EXIT_CODE_OF_GATE: Readonly<Record<string, ExitCode>> = {
  network: EXIT_CODE.unreachable,
  trust: EXIT_CODE.verificationFailed,
  "system-id": EXIT_CODE.verificationFailed,
  downgrade: EXIT_CODE.verificationFailed,
  floor: EXIT_CODE.verificationFailed,
};

/** That of the first gate in the way which has one. */
export function toRefusalExitCode(gates: readonly GateDocument[]): ExitCode {
  const codes = gates.filter(isInTheWay).map(({ name }) => EXIT_CODE_OF_GATE[name]);
  return codes.find((code) => code !== undefined) ?? EXIT_CODE.failed;
}

export function toResultExitCode({ outcome, gates }: UpdateResult): ExitCode {
  switch (outcome) {
    case "done":
    case "staged":
    case "up-to-date":
      return EXIT_CODE.ok;
    case "refused":
      return toRefusalExitCode(gates);
    case "cancelled":
      return EXIT_CODE.failed;
    case "rolled-back":
      return EXIT_CODE.rolledBack;
  }
}

export function renderUpdateResult(result: UpdateResult, view: View): string {
  const { machine, operation, from, running } = result;
  const version = result.version ?? "an update";
  const [ok, failed] = [view.paint("green", view.marks.ok), view.paint("red", view.marks.failed)];
  switch (result.outcome) {
    case "done":
      if (running === from) return `${ok} ${machine} stays on ${running}: what was staged does not start\n`;
      return `${ok} ${machine} runs ${running}${operation === "rollback" ? " again" : ""}\n${renderPassed(result)}`;
    case "staged":
      return `${ok} ${version} is staged on ${machine}, and starts at the next boot\n${renderGates(result.gates, view)}`;
    case "up-to-date":
      return `${ok} ${machine} runs ${running} already: nothing to do\n`;
    case "refused":
      return `${failed} refused for ${machine}: ${from} → ${version}; nothing was written\n${renderGates(result.gates, view)}`;
    case "cancelled":
      return `${failed} cancelled: ${machine} boots ${from} as before\n`;
    case "rolled-back":
      return renderRolledBack(result, view);
  }
}

function renderPassed({ health: [report] }: UpdateResult): string {
  if (report === undefined) return "";
  const passed = report.checks.filter(({ verdict }) => verdict === "pass").length;
  return `  Health   ${passed} of ${report.checks.length} checks passed\n`;
}

function renderRolledBack(result: UpdateResult, view: View): string {
  const { machine, version, running, reason, health } = result;
  return [
    `${view.paint("red", view.marks.failed)} ${machine} rolled back: ${version} was not found good, ${running} runs`,
    ...(reason === null ? [] : wrapText(reason, 80, "  ", "  ")),
    ...renderFailedChecks(health, view),
    ...(health.length === 0
      ? [`  It left no health report: the machine's console says how far ${version} came.`]
      : []),
    `  This build is not tried again until:  ${view.command} update apply ${machine} --retry`,
    "",
  ].join("\n");
}

/** Each check that failed once, with the number of boots it failed in. */
export function renderFailedChecks(reports: readonly HealthReportDocument[], view: View): string[] {
  const failed = new Map<string, { says: string; boots: number }>();
  for (const { checks } of reports)
    for (const { name, verdict, says } of checks) {
      if (verdict === "pass") continue;
      const known = failed.get(name);
      failed.set(name, { says: known?.says ?? says, boots: (known?.boots ?? 0) + 1 });
    }
  return [...failed].flatMap(([name, { says, boots }]) => {
    const often = boots > 1 ? ` (in ${boots} boots)` : "";
    return wrapText(`${name}: ${says}${often}`, 80, `  ${view.marks.failed} `, "    ");
  });
}
