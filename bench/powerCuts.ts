import { createHash } from "node:crypto";
import { join } from "node:path";

import { exists, move, readIfPresent, remove, writeAtomic } from "#system/files.ts";
import { serveFolder } from "#system/serveFolder.ts";
import { createDevelopmentAccess, type DevelopmentAccess } from "#trust/certificates.ts";
import { findAcceleration } from "#vm/findAcceleration.ts";
import { findArtifact } from "#vm/findRelease.ts";

import type { BenchWorkspace } from "./benchWorkspace.ts";
import { holdLock } from "./holdLock.ts";
import { PowerCutMachine, writeCredentials, type MachineFamily } from "./powerCutMachine.ts";
import { measureUpdate, playRound, type PowerCutRound, type SavedMachine } from "./powerCutRound.ts";
import {
  prepareSubject,
  publishVersion,
  type PreparedSubject,
  type SubjectName,
} from "./powerCutSubjects.ts";
import { bringUpdate } from "./powerCutUpdates.ts";
import { medianOf } from "./statistics.ts";

export interface PowerCutOptions {
  readonly subject: SubjectName;
  readonly rounds: number;
  readonly lock: string | undefined;
  /** Goes on with the saved machine and the rounds that are there. */
  readonly resume: boolean;
  /** Called after each round. */
  readonly keep: (figures: PowerCutFigures) => Promise<void>;
  readonly before: PowerCutFigures | undefined;
}

export interface PowerCutFigures {
  readonly acceleration: string;
  /** Of whole updates, as many at once as in the rounds. */
  readonly updateMs: readonly number[];
  readonly rounds: readonly PowerCutRound[];
}

/** One for each core of a small host. */
const AT_ONCE = 2;
const SAMPLE_EVERY = 10;
/** How long a lock is held, before others who wait for it have their turn. */
const SLICE_MS = 480_000;
/** The last moments are after the end of most updates. */
const LONGEST = 1.1;
const SEED = "socle power cuts 1";
const BOOT_TIMEOUT_MS = 300_000;

/** Kills QEMU in the middle of updates, and looks at what becomes of the machine. */
export async function benchPowerCuts(
  bench: BenchWorkspace,
  { subject: name, rounds, lock, resume, keep, before }: PowerCutOptions,
): Promise<PowerCutFigures> {
  if (!resume) await remove(join(bench.folder, "power-cuts", name));
  const measured = resume ? before : undefined;
  let held = await holdLock(lock);
  await using saved = await openSavedMachine(bench, name);
  const updateMs = measured?.updateMs ?? (await measureUpdates(saved));
  const played = [...(measured?.rounds ?? [])];
  const figures = (): PowerCutFigures => ({
    acceleration: saved.family.acceleration,
    updateMs,
    rounds: played,
  });
  console.error(`${name}: an update takes ${(medianOf(updateMs) / 1000).toFixed(1)} s`);
  const left = Array.from({ length: rounds }, (_, number) => number).filter((number) =>
    played.every((round) => round.number !== number),
  );
  while (left.length > 0) {
    const untilMs = performance.now() + SLICE_MS;
    const play = async () => {
      while (performance.now() < untilMs) {
        const number = left.shift();
        if (number === undefined) return;
        const cutAfterMs = Math.round(chance(number) * LONGEST * medianOf(updateMs));
        const round = await playRound(saved, { number, cutAfterMs, isSample: number % SAMPLE_EVERY === 0 });
        played.push(round);
        await keep(figures());
        console.error(`${name}: ${JSON.stringify(round)}`);
      }
    };
    await atOnce(play);
    await held[Symbol.asyncDispose]();
    if (left.length > 0) held = await holdLock(lock);
  }
  return figures();
}

/** Makes what is not there yet, and serves the repository until it is disposed of. */
export async function openSavedMachine(
  bench: BenchWorkspace,
  name: SubjectName,
): Promise<SavedMachine & AsyncDisposable> {
  const subject = await prepareSubject(bench, name);
  const family = await openFamily(subject);
  const server = await serveFolder(await publishVersion(subject, "1.0"));
  try {
    const saved = await saveMachine(subject, family, server.port);
    return { ...saved, [Symbol.asyncDispose]: async () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Uniform in 0 to 1, and the same for the same round of every run. */
function chance(number: number): number {
  return createHash("sha256").update(`${SEED} ${number}`).digest().readUInt32BE() / 2 ** 32;
}

/** Lets each come to its end, so that none leaves a QEMU behind. */
async function atOnce<T>(work: (index: number) => Promise<T>): Promise<T[]> {
  const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, async (_, index) => work(index)));
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

async function measureUpdates(saved: SavedMachine): Promise<number[]> {
  return atOnce(async (index) => measureUpdate(saved, `whole-${index}`));
}

async function openFamily({ folder, tools, name, releases }: PreparedSubject): Promise<MachineFamily> {
  const file = join(folder, "access.json");
  const known = await readIfPresent(file);
  const development =
    known === undefined
      ? await createDevelopmentAccess({ name, now: new Date(), days: 30 })
      : (JSON.parse(known) as DevelopmentAccess); // as it was written below
  await writeAtomic(file, JSON.stringify(development), 0o600);
  const acceleration = await findAcceleration(tools, folder, await findArtifact(releases["1.0"], "uki"));
  const family = { tools, acceleration, development, folder };
  await writeCredentials(family);
  return family;
}

/** Installs 1.0, brings it to 1.1, waits until that is found good, and keeps the running machine. */
async function saveMachine(
  subject: PreparedSubject,
  family: MachineFamily,
  port: number,
): Promise<SavedMachine> {
  const state = join(family.folder, "state");
  const folder = join(family.folder, "saved");
  const saved = {
    subject,
    family,
    port,
    state,
    disk: join(folder, "disk.qcow2"),
    variables: join(folder, "variables.fd"),
  };
  if (await exists(state)) return saved;
  await publishVersion(subject, "1.1");
  await using machine = await PowerCutMachine.create(family, "saved", {
    disk: await findArtifact(subject.releases["1.0"], "disk-qcow2"),
    format: "qcow2",
  });
  await startGood(machine, "1.0");
  const { succeeded, says } = await bringUpdate(machine, subject.name, port);
  if (!succeeded) throw new Error(`Cannot prepare a machine: ${says}`);
  await machine.tell("sync");
  await machine.cutPower();
  await startGood(machine, "1.1");
  await publishVersion(subject, "1.2");
  await machine.tell("sync; echo 3 > /proc/sys/vm/drop_caches");
  await machine.save(`${state}.part`);
  await move(`${state}.part`, state);
  return saved;
}

async function startGood(machine: PowerCutMachine, version: string): Promise<void> {
  await machine.start();
  const status = await machine.waitUntilHealthy(BOOT_TIMEOUT_MS);
  if (status?.image.version !== version) throw new Error(`Version ${version} did not boot`);
  // Found good: its kernel image has no counter any more.
  await machine.tell(
    `for i in $(seq 100); do [ -e /boot/EFI/Linux/*_${version}.efi ] && exit; sleep 1; done; exit 1`,
  );
}
