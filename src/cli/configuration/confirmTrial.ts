import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { callMachine, MachineCallError, MachineRefusal } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import type { Following, NamedMachine } from "../update/updateMachine.ts";
import { askInTime, type TimelyAnswer } from "./askInTime.ts";
import { listGenerations } from "./configurationHistory.ts";
import { findApplyEnd } from "./findApplyEnd.ts";
import { followApply, type ApplyEnd } from "./followApply.ts";

type Trial = Extract<ApplyEnd, { readonly outcome: "on-trial" }>;
export type AskInTime = (question: string, until: Date, signal: AbortSignal) => Promise<TimelyAnswer>;

const CONFIRM_TIMEOUT_MS = 10_000;
const RETRY_MS = 1_000;

/** Asks whether what is on trial stays. Yes keeps it, no ends it at once, and without an answer it ends by itself. */
export async function askForTrial(
  machine: NamedMachine,
  { generation, until }: Trial,
  context: Following & Pick<CommandContext, "stderr">,
  ask: AskInTime = askInTime,
): Promise<ApplyEnd> {
  const { stderr, signal } = context;
  stderr(`${machine.name} follows generation ${generation} on trial. Does it do what you want?\n`);
  const answer = await ask("Keep it?", until, signal);
  if (answer === "yes" && (await confirmInTime(machine, generation, until, signal)))
    return { outcome: "applied", generation };
  if (answer === "no") return takeBack(machine, context);
  const end = await findApplyEnd(
    machine,
    { generation, newest: 0, trialSeconds: 0, mayWait: false },
    context,
  );
  assert(end !== undefined, "a change with a number was begun");
  return end;
}

/** False when the machine cannot be reached until the time is over. */
async function confirmInTime(
  machine: NamedMachine,
  generation: number,
  until: Date,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    try {
      await confirmGeneration(machine, generation, signal);
      return true;
    } catch (error) {
      if (!(error instanceof MachineCallError)) throw error;
      if (new Date() >= until) return false;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}

export async function confirmGeneration(
  machine: NamedMachine,
  generation: number,
  signal: AbortSignal,
): Promise<void> {
  const call = { purpose: "confirm the configuration", timeoutMs: CONFIRM_TIMEOUT_MS, signal };
  await callMachine(machine, call, ({ configuration }, options) =>
    configuration.confirmConfiguration({ generation }, options),
  );
}

/** The one that waits. @throws {MachineRefusal} when there is none */
export async function findTrial(machine: NamedMachine, signal: AbortSignal): Promise<number> {
  const trial = (await listGenerations(machine, { signal })).find(({ state }) => state === "trial");
  if (trial !== undefined) return trial.number;
  throw new MachineRefusal("trial-unknown", `On "${machine.name}" nothing waits to be confirmed`, {
    hint: "its time may be over: socle config history says what became of it",
  });
}

/** To apply what is current ends a trial. */
async function takeBack(machine: NamedMachine, following: Following): Promise<ApplyEnd> {
  const generations = await listGenerations(machine, following);
  const current = generations.find(({ state }) => state === "current")?.number ?? 0;
  const newest = generations[0]?.number ?? 0;
  const request = { aim: { generation: current }, reason: "not wanted", trialSeconds: 0, newest };
  return followApply(machine, request, following);
}
