import { setTimeout } from "node:timers/promises";
import { join } from "node:path";

import { move, remove } from "#system/files.ts";

import { lookAtDisk, type DiskLook } from "./powerCutDisk.ts";
import { PowerCutMachine, type MachineFamily } from "./powerCutMachine.ts";
import { bringUpdate, type UpdateResult } from "./powerCutUpdates.ts";
import type { PreparedSubject } from "./powerCutSubjects.ts";

/** Emulated, beside another machine on a busy host. */
const BOOT_TIMEOUT_MS = 300_000;
const UPDATE_TIMEOUT_MS = 900_000;

/** A machine that runs 1.1, good, with 1.0 beside it, and what it was when it was saved. */
export interface SavedMachine {
  readonly subject: PreparedSubject;
  readonly family: MachineFamily;
  readonly disk: string;
  readonly variables: string;
  readonly state: string;
  /** Of the server of the repository, which has 1.2. */
  readonly port: number;
}

export interface BootFigures {
  /** Undefined: no healthy, verified system within the time. */
  readonly version?: string;
  readonly seconds: number;
}

export interface PowerCutRound {
  readonly number: number;
  readonly cutAfterMs: number;
  /** What the updater said, where it had ended before the power was cut. */
  readonly first?: UpdateResult;
  /** After the power cut, before anything was started. */
  readonly atCut: DiskLook;
  readonly boot: BootFigures;
  /** Absent where nothing booted. */
  readonly again?: UpdateResult & { readonly seconds: number };
  /** After the second try, whose machine was cut off as well. */
  readonly after?: DiskLook;
  /** Of the version that was brought; of some of the rounds. */
  readonly next?: BootFigures;
}

export async function playRound(
  saved: SavedMachine,
  { number, cutAfterMs, isSample }: { number: number; cutAfterMs: number; isSample: boolean },
): Promise<PowerCutRound> {
  await using machine = await resumeMachine(saved, `round-${number}`);
  let first: UpdateResult | undefined;
  void tryUpdate(machine, saved).then((result) => (first = result));
  await setTimeout(cutAfterMs);
  const endedBefore = first;
  await machine.cutPower();
  const look = async () => lookAtDisk(machine.disk, Object.values(saved.subject.releases), saved.family);
  const atCut = await look();
  const boot = await bootMachine(machine);
  const round = {
    number,
    cutAfterMs,
    ...(endedBefore === undefined ? {} : { first: endedBefore }),
    atCut,
    boot,
  };
  if (boot.version === undefined) return await keepConsole(machine, round);
  const again = await tryUpdate(machine, saved);
  await machine.cutPower();
  const after = await look();
  if (!isSample) return await keepConsole(machine, { ...round, again, after });
  return await keepConsole(machine, { ...round, again, after, next: await bootMachine(machine) });
}

/** How long the whole takes where nobody cuts it. */
export async function measureUpdate(saved: SavedMachine, name: string): Promise<number> {
  await using machine = await resumeMachine(saved, name);
  const { succeeded, says, seconds } = await tryUpdate(machine, saved);
  if (!succeeded) throw new Error(`The update failed without a power cut: ${says}`);
  await machine.cutPower();
  await remove(machine.folder);
  return seconds * 1000;
}

export async function resumeMachine(
  { family, disk, variables, state }: SavedMachine,
  name: string,
): Promise<PowerCutMachine> {
  const machine = await PowerCutMachine.create(family, name, { disk, format: "qcow2", variables });
  await machine.start(state);
  return machine;
}

async function tryUpdate(
  machine: PowerCutMachine,
  { subject, port }: Pick<SavedMachine, "subject" | "port">,
): Promise<UpdateResult & { readonly seconds: number }> {
  const startedAt = performance.now();
  const late = setTimeout(UPDATE_TIMEOUT_MS, { succeeded: false, says: "did not end" }, { ref: false });
  const result = await Promise.race([
    bringUpdate(machine, subject.name, port).catch((error: unknown) => ({
      succeeded: false,
      says: `broken off: ${String(error)}`,
    })),
    late,
  ]);
  return { ...result, seconds: (performance.now() - startedAt) / 1000 };
}

async function bootMachine(machine: PowerCutMachine): Promise<BootFigures> {
  const startedAt = performance.now();
  await machine.start();
  const status = await machine.waitUntilHealthy(BOOT_TIMEOUT_MS);
  const seconds = (performance.now() - startedAt) / 1000;
  if (status?.booted.verity !== "verified" || !status.booted.rootHashMatches) return { seconds };
  return { seconds, version: status.image.version };
}

/** Of the machine, only what it said stays. */
async function keepConsole(machine: PowerCutMachine, round: PowerCutRound): Promise<PowerCutRound> {
  await machine.cutPower();
  await move(join(machine.folder, "console.log"), `${machine.folder}.log`);
  await remove(machine.folder);
  return round;
}
