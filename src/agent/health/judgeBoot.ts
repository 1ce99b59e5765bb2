import { HEALTH_CONTRACT_PATH } from "#health/healthContract.ts";
import { toHealthHistory, type HealthHistory, type RunningDeployment } from "#health/healthHistory.ts";
import type { HealthCheck, HealthReport } from "#health/healthReport.ts";
import { judgeHealth, type HealthJudgement } from "#health/judgeHealth.ts";
import { parseHealthContract } from "#health/parseHealthContract.ts";
import type { Log } from "../log.ts";
import { readText } from "../machineFacts.ts";
import { awaitVerdict, toUnseen } from "./awaitVerdict.ts";
import type { HealthMachine } from "./healthMachine.ts";
import { readHealthReports, removeOldReports, writeHealthReport } from "./healthReports.ts";
import { readHealthFacts } from "./readHealthFacts.ts";
import { readRunningDeployment } from "./readRunningDeployment.ts";

export interface HealthSurroundings {
  readonly machine: HealthMachine;
  readonly log: Log;
  readonly now: () => Date;
}

/** Judges this boot, and leaves its report. */
export async function judgeBoot(surroundings: HealthSurroundings): Promise<HealthReport["verdict"]> {
  const { machine } = surroundings;
  const [running, contract, reports] = await Promise.all([
    readRunningDeployment(machine),
    readContract(machine),
    readHealthReports(machine),
  ]);
  const history = toHealthHistory(reports, running);
  const look = () => readHealthFacts(machine, contract);
  const judgement = await awaitVerdict(machine, look, contract, history);
  return leaveReport(surroundings, running, judgement);
}

/**
 * Of a judgement that was killed, that hung, or that never began since the system does not come up:
 * what can be seen now, however little. A report that is there already says more, and stays.
 */
export async function recordUnfinished(surroundings: HealthSurroundings): Promise<HealthReport["verdict"]> {
  const { machine } = surroundings;
  const [running, reports] = await Promise.all([readRunningDeployment(machine), readHealthReports(machine)]);
  if (reports.some(({ bootId }) => bootId === running.bootId)) return "fail";
  const seen = await lookOnce(machine, toHealthHistory(reports, running)).catch(toUnseen);
  const says = "came to no end: the system did not come up in time, or the health program was ended";
  const unfinished: HealthCheck = { name: "judgement", verdict: "fail", says };
  return leaveReport(surroundings, running, {
    ...seen,
    verdict: "fail",
    checks: [unfinished, ...seen.checks],
  });
}

async function lookOnce(machine: HealthMachine, history: HealthHistory): Promise<HealthJudgement> {
  const contract = await readContract(machine);
  // Probes may be what it hung at.
  return judgeHealth(contract, await readHealthFacts(machine, { ...contract, probes: [] }), history);
}

async function leaveReport(
  { machine, log, now }: HealthSurroundings,
  running: RunningDeployment,
  judgement: HealthJudgement,
): Promise<HealthReport["verdict"]> {
  const { verdict, checks, figures, failedUnits } = judgement;
  const report: HealthReport = {
    apiVersion: "socle/v1",
    kind: "HealthReport",
    ...running,
    verdict,
    at: now().toISOString(),
    checks,
    figures,
    failedUnits,
  };
  // Said first: where the disk takes nothing more, the journal may.
  if (verdict === "pass") log("info", "the boot is good", { report });
  else log("error", "the boot is not good", { report });
  await writeHealthReport(machine, report);
  await removeOldReports(machine, running);
  return verdict;
}

async function readContract(machine: HealthMachine) {
  return parseHealthContract((await readText(machine, HEALTH_CONTRACT_PATH)) ?? "");
}
