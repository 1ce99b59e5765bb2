import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "#progress/events.ts";
import type { GetUpdateStateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import { toPauseMs } from "../askAgain.ts";
import {
  callMachine,
  isUnknownCall,
  MachineCallError,
  MachineRefusal,
  type MachineAccess,
} from "../callMachine.ts";

/** A machine and how to reach it. */
export type NamedMachine = MachineAccess & { readonly name: string };

/** What following a machine needs beside it. */
export interface Following {
  readonly report: Report;
  /** Aborted when nobody looks any more; the machine goes on. */
  readonly signal: AbortSignal;
  readonly patience?: Patience;
}

export interface Patience {
  /** Between two questions. */
  readonly intervalMs: number;
  /** Without any change of what the machine says, or of its saying nothing. */
  readonly standstillMs: number;
}

/** A machine that boots has better things to do than to answer. Three boots that hang, under emulation, fit in. */
const PATIENCE: Patience = { intervalMs: 3_000, standstillMs: 20 * 60_000 };

/** The updater may have to be started for it. */
const STATE_TIMEOUT_MS = 30_000;

export async function fetchUpdateState(
  access: MachineAccess,
  { timeoutMs = STATE_TIMEOUT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<GetUpdateStateResponse> {
  const call = { purpose: "get the state of updates", timeoutMs, ...(signal && { signal }) };
  return callMachine(access, call, ({ update }, options) => update.getUpdateState({}, options));
}

/** The answer, or undefined while the machine, its agent or its updater cannot be reached. */
async function findUpdateState(
  machine: MachineAccess,
  signal: AbortSignal,
): Promise<GetUpdateStateResponse | undefined> {
  try {
    return await fetchUpdateState(machine, { signal });
  } catch (error) {
    if (isPassing(error)) return undefined;
    throw error;
  }
}

/** Whether a machine that restarts can be the reason. Another machine at its address, or an older system, cannot. */
function isPassing(error: unknown): boolean {
  if (error instanceof MachineRefusal) return true;
  if (isUnknownCall(error)) return false;
  return error instanceof MachineCallError && error.code !== "machine-not-trusted";
}

/**
 * Asks again and again until `isSettled`, for as long as anything changes.
 * @param onState told every answer, and undefined for every question without one
 */
export async function waitForState(
  machine: NamedMachine,
  isSettled: (state: GetUpdateStateResponse) => boolean,
  onState: (state: GetUpdateStateResponse | undefined) => void,
  { signal, patience = PATIENCE }: Following,
): Promise<GetUpdateStateResponse> {
  let changedMs = performance.now();
  let seen = "";
  for (;;) {
    const askedMs = performance.now();
    const state = await findUpdateState(machine, signal);
    const answerMs = performance.now() - askedMs;
    onState(state);
    if (state !== undefined && isSettled(state)) return state;
    const found = toFingerprint(state);
    if (found !== seen) changedMs = performance.now();
    seen = found;
    if (performance.now() - changedMs > patience.standstillMs)
      throw toStandstill(machine, state, patience.standstillMs);
    await sleep(toPauseMs(patience.intervalMs, answerMs), undefined, { signal });
  }
}

/** What counts as a change. */
function toFingerprint(state: GetUpdateStateResponse | undefined): string {
  if (state === undefined) return "";
  return [state.bootId, state.phase, state.bootsLeft, state.operation?.id].join();
}

function toStandstill(
  { name }: NamedMachine,
  state: GetUpdateStateResponse | undefined,
  standstillMs: number,
): MachineCallError {
  const found = state === undefined ? "it does not answer" : "nothing changes there";
  return new MachineCallError(
    "timeout",
    `Cannot see the end of the update of "${name}": ${found}, for ${Math.round(standstillMs / 60_000)} min`,
    { hint: "What goes on there goes on. Its console says how far it is; later: socle status" },
  );
}
