import type { HealthContract } from "#health/healthContract.ts";
import type { HealthFacts } from "#health/healthFacts.ts";
import type { HealthHistory } from "#health/healthHistory.ts";
import { addUnsteady, findRestarted, judgeHealth, type HealthJudgement } from "#health/judgeHealth.ts";
import type { HealthMachine } from "./healthMachine.ts";

const BETWEEN_LOOKS_MS = 2000;

/**
 * Looks at the machine until it has stayed well for the soak, or until its time is over. What is well
 * in time may soak beyond it.
 */
export async function awaitVerdict(
  { uptimeUs, sleep }: Pick<HealthMachine, "uptimeUs" | "sleep">,
  look: () => Promise<HealthFacts>,
  contract: HealthContract,
  history: HealthHistory,
): Promise<HealthJudgement> {
  const nowMs = () => uptimeUs() / 1000;
  const deadlineMs = nowMs() + contract.timeoutMs;
  const judge = (facts: HealthFacts | Error, before: HealthFacts | undefined): HealthJudgement => {
    if (facts instanceof Error) return toUnseen(facts);
    const restarted = before === undefined ? [] : findRestarted(before, facts);
    // The soak is no part of the boot.
    const judged: HealthFacts = { ...facts, bootUs: before?.bootUs ?? facts.bootUs };
    return addUnsteady(judgeHealth(contract, judged, history), restarted);
  };
  /** The first of the looks that were well one after the other. */
  let well: { readonly facts: HealthFacts; readonly atMs: number } | undefined;
  for (;;) {
    // A machine that is busy starting may not even answer: what could not be seen is looked at again.
    const facts = await look().catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    const atMs = nowMs();
    const judgement = judge(facts, well?.facts);

    if (facts instanceof Error || judgement.verdict === "fail") well = undefined;
    else well ??= { facts, atMs };

    if (well !== undefined && atMs - well.atMs >= contract.soakMs) return judgement;
    if (well === undefined && (atMs >= deadlineMs || isHopeless(judgement))) return judgement;
    const restMs = well === undefined ? deadlineMs - atMs : well.atMs + contract.soakMs - atMs;
    await sleep(Math.max(1, Math.min(BETWEEN_LOOKS_MS, restMs)));
  }
}

/** Time heals everything but the time that has passed. */
function isHopeless({ checks }: HealthJudgement): boolean {
  const faults = checks.filter(({ verdict }) => verdict === "fail");
  return faults.every(({ name }) => name === "regression boot-time");
}

/** Of a look that came to nothing: not well, but why is not known. */
export function toUnseen(error: Error): HealthJudgement {
  return {
    verdict: "fail",
    checks: [{ name: "look", verdict: "fail", says: error.message }],
    figures: { bootUs: 0, memoryBytes: 0, restarts: 0 },
    failedUnits: [],
  };
}
