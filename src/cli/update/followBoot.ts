import { Phase, type GetUpdateStateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import { waitForState, type Following, type NamedMachine } from "./updateMachine.ts";

/** Which restart is followed. */
export interface Restart {
  /** Of the boot before it; undefined when it is over, and the trial goes on. */
  readonly bootId: string | undefined;
  /** That is to run after it. */
  readonly version: string;
}

/**
 * Waits until a machine is back and either its new version was found good or the old one runs again.
 * Shows the restart and the checks as steps.
 */
export async function followBoot(
  machine: NamedMachine,
  { bootId, version }: Restart,
  following: Following,
): Promise<GetUpdateStateResponse> {
  const { report } = following;
  const startedMs = performance.now();
  let backMs: number | undefined;
  let seenBootId = bootId;
  if (bootId !== undefined)
    report({ kind: "step-started", step: "reboot", detail: `waiting for ${machine.name} to come back` });

  const onState = (state: GetUpdateStateResponse | undefined): void => {
    if (state === undefined || state.bootId === bootId) {
      if (backMs !== undefined)
        report({
          kind: "step-detail",
          step: "checks",
          detail: "the machine does not answer; it may restart",
        });
      return;
    }
    if (backMs === undefined) {
      backMs = performance.now();
      const detail = `back, running ${state.runningVersion}`;
      if (bootId !== undefined)
        report({ kind: "step-done", step: "reboot", tookMs: backMs - startedMs, cached: false, detail });
      report({ kind: "step-started", step: "checks", detail: describeTrial(state) });
    } else if (state.bootId !== seenBootId) {
      report({ kind: "step-detail", step: "checks", detail: `restarted; ${describeTrial(state)}` });
    }
    seenBootId = state.bootId;
  };
  const isSettled = (state: GetUpdateStateResponse): boolean =>
    state.bootId !== bootId && (state.runningVersion !== version || state.phase !== Phase.TRYING);

  const state = await waitForState(machine, isSettled, onState, following);
  const tookMs = performance.now() - (backMs ?? startedMs);
  if (state.runningVersion === version)
    report({ kind: "step-done", step: "checks", tookMs, cached: false, detail: describeChecks(state) });
  else report({ kind: "step-failed", step: "checks", tookMs, message: `${version} was not found good` });
  return state;
}

function describeTrial({ phase, bootsLeft }: GetUpdateStateResponse): string {
  if (phase !== Phase.TRYING) return "";
  return bootsLeft === 1 ? "1 more try" : `${bootsLeft} more tries`;
}

/** Of the present boot. */
function describeChecks({ bootId, healthReports }: GetUpdateStateResponse): string {
  const checks = healthReports.find((report) => report.bootId === bootId)?.checks;
  if (checks === undefined) return "found good";
  return `${checks.filter(({ verdict }) => verdict === "pass").length} of ${checks.length} passed`;
}
