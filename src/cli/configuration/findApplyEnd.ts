import { setTimeout as sleep } from "node:timers/promises";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { MachineCallError, MachineRefusal } from "../callMachine.ts";
import { formatDuration } from "../formatDuration.ts";
import type { Following, NamedMachine, Patience } from "../update/updateMachine.ts";
import { listGenerations } from "./configurationHistory.ts";
import type { ApplyEnd, ApplyRequest } from "./followApply.ts";
import { fetchConfiguration } from "./showConfiguration.ts";

/** Beyond the trial: for the machine to judge its health, to go back, and to be found again. */
const PATIENCE: Patience = { intervalMs: 2_000, standstillMs: 180_000 };
const TIMEOUT_MS = 10_000;
/** What was asked for is written down soon, or never came there. */
const LOOKS_IN_VAIN = 5;

export type LostChange = Pick<ApplyRequest, "trialSeconds" | "newest"> & {
  /** 0 when its number was not heard. */
  readonly generation: number;
  /** Whether that it waits to be confirmed is an end. */
  readonly mayWait: boolean;
};

/**
 * Asks a machine that was cut off by its own change, or whose trial ends, again and again what became of the change.
 * @returns undefined when the machine answers and has never begun it
 */
export async function findApplyEnd(
  machine: NamedMachine,
  change: LostChange,
  { report, signal, patience = PATIENCE }: Following,
): Promise<ApplyEnd | undefined> {
  const mostMs = change.trialSeconds * 1000 + patience.standstillMs;
  const startedMs = performance.now();
  const tookMs = () => performance.now() - startedMs;
  const detail = `waits for the machine, which goes back by itself; at most ${formatDuration(mostMs)}`;
  report({ kind: "step-started", step: "reconnect", detail });
  for (let looksInVain = 0; ;) {
    const end = await look(machine, change, signal);
    if (end === "none") looksInVain++;
    if ((end !== undefined && end !== "none") || looksInVain === LOOKS_IN_VAIN) {
      report({
        kind: "step-done",
        step: "reconnect",
        tookMs: tookMs(),
        cached: false,
        detail: "the machine answers",
      });
      return end === "none" ? undefined : end;
    }
    if (tookMs() > mostMs) {
      report({ kind: "step-failed", step: "reconnect", tookMs: tookMs(), message: "no answer" });
      throw toTimeout(machine, mostMs);
    }
    await sleep(patience.intervalMs, undefined, { signal });
  }
}

/** "none" when there is no trace of the change; undefined while the machine does not answer, or is not done. */
async function look(
  machine: NamedMachine,
  { generation, newest, trialSeconds, mayWait }: LostChange,
  signal: AbortSignal,
): Promise<ApplyEnd | "none" | undefined> {
  try {
    const call = { signal, timeoutMs: TIMEOUT_MS };
    const generations = await listGenerations(machine, call);
    const ours = generations.find(({ number }) =>
      generation === 0 ? number > newest : number === generation,
    );
    if (ours === undefined && generation === 0) return "none";
    // A disk without room can keep a machine from writing down what failed.
    if (ours === undefined)
      return { outcome: "reverted", generation, because: "the machine has not kept it" };
    const { number } = ours;
    if (ours.state === "reverted")
      return { outcome: "reverted", generation: number, because: ours.revertedBecause };
    if (ours.state !== "trial") return { outcome: "applied", generation: number };
    const { trialUntil } = await fetchConfiguration(machine, call);
    if (trialUntil === undefined || !mayWait) return undefined;
    // The machine's clock may be another: it waits no longer than it was told to.
    const most = Date.now() + trialSeconds * 1000;
    const until = new Date(Math.min(timestampDate(trialUntil).getTime(), most));
    return { outcome: "on-trial", generation: number, until };
  } catch (error) {
    // Also one that lets us in no more: it may be what the change says, and end with it.
    if (error instanceof MachineCallError) return undefined;
    if (error instanceof MachineRefusal && error.code === "updater-unavailable") return undefined;
    throw error;
  }
}

function toTimeout({ name, host, port }: NamedMachine, mostMs: number): MachineCallError {
  return new MachineCallError(
    "timeout",
    `"${name}" does not answer at "${host}:${port}", for ${formatDuration(mostMs)} since the change`,
    {
      hint: "If its address was to change, say the new one: socle context add --replace. Its console shows the rest.",
    },
  );
}
