import type { HealthContract } from "#health/healthContract.ts";
import { HEALTH_CONTRACT_PATH } from "#health/healthContract.ts";
import { judgeHealth, type HealthJudgement } from "#health/judgeHealth.ts";
import { parseHealthContract } from "#health/parseHealthContract.ts";

import { awaitVerdict } from "../health/awaitVerdict.ts";
import type { HealthMachine } from "../health/healthMachine.ts";
import { readHealthFacts } from "../health/readHealthFacts.ts";
import { readText } from "../machineFacts.ts";

/** A configuration has little to start: what is not well after this is not going to be. */
const MOST_MS = 60_000;
const SOAK_MOST_MS = 5_000;

/** Looks at the machine before a change, and says after it what got worse; empty: it is healthy. */
export interface ApplyJudge {
  look(): Promise<HealthBefore>;
  findFaults(before: HealthBefore): Promise<string[]>;
}

/** The demands that the machine met before the change. Nobody can ask more of it after. */
export interface HealthBefore {
  readonly contract: HealthContract;
  /** Names of checks that it did not come through. */
  readonly faults: readonly string[];
}

export function createApplyJudge(machine: HealthMachine): ApplyJudge {
  return {
    look: async () => {
      const contract = parseHealthContract((await readText(machine, HEALTH_CONTRACT_PATH)) ?? "");
      const judgement = judgeHealth(toNow(contract), await readHealthFacts(machine, contract), {});
      const faults = judgement.checks.filter(({ verdict }) => verdict === "fail").map(({ name }) => name);
      return { contract: withoutFaults(toNow(contract), judgement), faults };
    },
    findFaults: async ({ contract, faults }) => {
      const look = () => readHealthFacts(machine, contract);
      const { verdict, checks } = await awaitVerdict(machine, look, contract, {});
      if (verdict === "pass") return [];
      // Also of what every boot comes to, and this one has not yet.
      const worse = checks.filter((check) => check.verdict === "fail" && !faults.includes(check.name));
      return worse.map(({ name, says }) => `${name}: ${says}`);
    },
  };
}

/** Boots are compared with boots; what a change costs while the machine runs is no fault. */
function toNow({ regression: _regression, ...contract }: HealthContract): HealthContract {
  return {
    ...contract,
    timeoutMs: Math.min(contract.timeoutMs, MOST_MS),
    soakMs: Math.min(contract.soakMs, SOAK_MOST_MS),
  };
}

/** What was not well before is not the change's doing. */
function withoutFaults(contract: HealthContract, { checks, failedUnits }: HealthJudgement): HealthContract {
  const faults = new Set(checks.filter(({ verdict }) => verdict === "fail").map(({ name }) => name));
  return {
    ...contract,
    mayFail: [...new Set([...contract.mayFail, ...failedUnits])],
    units: contract.units.filter((name) => !faults.has(`unit ${name}`)),
    probes: contract.probes.filter(({ name }) => !faults.has(`probe ${name}`)),
    freeSpace: contract.freeSpace.filter(({ path }) => !faults.has(`space ${path}`)),
  };
}
