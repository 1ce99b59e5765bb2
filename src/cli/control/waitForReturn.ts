import { setTimeout as sleep } from "node:timers/promises";

import { isUnknownCall, MachineCallError, MachineRefusal } from "../callMachine.ts";
import { fetchStatus } from "../commands/status.ts";
import { MachineIdentityError } from "../connectMachine.ts";
import type { Following, NamedMachine, Patience } from "../update/updateMachine.ts";

/** What was seen of a machine after it was told to go. */
export type Return =
  | { readonly outcome: "back"; readonly bootId: string; readonly version: string }
  /** One answers that does not know us, or that we do not know, as after a reset without its configuration. */
  | { readonly outcome: "new" }
  /** It does not answer any more. */
  | { readonly outcome: "off" };

export interface Departure {
  /** Of the boot that ends. */
  readonly bootId: string;
  readonly goal: "back" | "off";
  /** Whether it may come back with another key, or wait for its first configuration. */
  readonly mayBeNew: boolean;
}

/** A firmware, a check of its disks and a slow boot fit in. */
const PATIENCE: Patience = { intervalMs: 2_000, standstillMs: 20 * 60_000 };
const STATUS_TIMEOUT_MS = 15_000;

/** Asks again and again until the machine answers from another boot, or is off. */
export async function waitForReturn(
  machine: NamedMachine,
  { bootId, goal, mayBeNew }: Departure,
  { signal, patience = PATIENCE }: Pick<Following, "signal" | "patience">,
): Promise<Return> {
  const startedMs = performance.now();
  for (;;) {
    const seen = await look(machine, mayBeNew, signal);
    if (goal === "off" && seen === undefined) return { outcome: "off" };
    if (goal === "back" && seen !== undefined && !("bootId" in seen && seen.bootId === bootId)) return seen;
    if (performance.now() - startedMs > patience.standstillMs) throw toTimeout(machine, goal, patience);
    await sleep(patience.intervalMs, undefined, { signal });
  }
}

/** Undefined while it does not answer. */
async function look(
  machine: NamedMachine,
  mayBeNew: boolean,
  signal: AbortSignal,
): Promise<Exclude<Return, { outcome: "off" }> | undefined> {
  try {
    const status = await fetchStatus(machine, { timeoutMs: STATUS_TIMEOUT_MS, signal });
    const { machine: { bootId = "" } = {}, image: { version = "" } = {} } = status;
    return { outcome: "back", bootId, version };
  } catch (error) {
    if (mayBeNew && isOfNewMachine(error)) return { outcome: "new" };
    if (isPassing(error)) return undefined;
    throw error;
  }
}

function isOfNewMachine(error: unknown): boolean {
  if (error instanceof MachineIdentityError || isUnknownCall(error)) return true;
  return error instanceof MachineCallError && error.code === "machine-not-trusted";
}

/** Whether a machine that goes down or comes up can be the reason. */
function isPassing(error: unknown): boolean {
  if (error instanceof MachineRefusal) return true;
  return error instanceof MachineCallError && error.code !== "machine-not-trusted" && !isUnknownCall(error);
}

function toTimeout({ name }: NamedMachine, goal: Departure["goal"], patience: Patience): MachineCallError {
  const minutes = Math.round(patience.standstillMs / 60_000);
  return goal === "off"
    ? new MachineCallError("timeout", `"${name}" still answers, after ${minutes} min`, {
        hint: "Something there keeps it from going down; its console says what.",
      })
    : new MachineCallError("timeout", `"${name}" has not come back, for ${minutes} min`, {
        hint: "Its console says how far it is; later: socle status",
      });
}
