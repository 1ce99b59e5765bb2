import { join } from "node:path";

import { rootUuidsOf } from "#boot/partitionUuids.ts";
import { MIB } from "#definition/size.ts";
import { copyFileTo, exists, fileSize, listFolder, remove, writeAtomic } from "#system/files.ts";
import { lockFileOf } from "#image/resolveLock.ts";
import { runCommand } from "#system/runCommand.ts";
import { findArtifact, findRelease, type ReleaseFolder } from "#vm/findRelease.ts";

import { SOCLE, type BenchWorkspace } from "./benchWorkspace.ts";
import { holdLock } from "./holdLock.ts";
import type { PowerCutMachine } from "./powerCutMachine.ts";
import { resumeMachine, type SavedMachine } from "./powerCutRound.ts";
import { openSavedMachine } from "./powerCuts.ts";
import { CHANNEL, type PreparedSubject } from "./powerCutSubjects.ts";
import { applyByAgent } from "./powerCutUpdates.ts";

export interface UpdateFigures {
  readonly acceleration: string;
  readonly small: SizeFigures;
  readonly large: SizeFigures;
}

export interface SizeFigures {
  readonly rootBytes: number;
  readonly rounds: readonly UpdateRound[];
}

export interface UpdateRound {
  /** From the call to the end: metadata, fetching, writing, reading back, kernel image. */
  readonly updateSeconds: number;
  /** Fetching and writing the slot; every block is checked against the hash tree before it is written. */
  readonly writeSeconds: number;
  /** Reading the whole slot back. */
  readonly verifySeconds: number;
  /** dd from the running slot to the spare one, as many bytes. */
  readonly copySeconds: number;
  /** dd from the same server to the spare slot, the same bytes. */
  readonly fetchSeconds: number;
  /** The most that the updater's process ever held resident. */
  readonly updaterBytes: number;
}

const LARGE_CHANNEL = "large";
const LARGE_VERSION = "1.3";
const FILLER_BYTES = 200 * MIB;

/** An update on the machine that the power cuts go into, and dd to the same partition, each on a disk as it was saved. */
export async function benchUpdates(
  bench: BenchWorkspace,
  { rounds, lock }: { rounds: number; lock: string | undefined },
): Promise<UpdateFigures> {
  const held = await holdLock(lock);
  await using saved = await openSavedMachine(bench, "socle");
  const large = await publishLarge(saved.subject);
  await held[Symbol.asyncDispose]();
  const { port } = saved;
  const targets = [
    { channel: CHANNEL, release: saved.subject.releases["1.2"] },
    { channel: LARGE_CHANNEL, release: large },
  ] as const;
  const sizes = await Promise.all(
    targets.map(async ({ release }) => fileSize(await findArtifact(release, "root"))),
  );
  const played: [UpdateRound[], UpdateRound[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const [index, target] of targets.entries()) {
      const figures = await alone(lock, async () => measureRound(saved, { ...target, port }));
      played[index]?.push(figures);
      console.error(`update, ${target.channel}: ${JSON.stringify(figures)}`);
    }
  }
  const [small = 0, big = 0] = sizes;
  return {
    acceleration: saved.family.acceleration,
    small: { rootBytes: small, rounds: played[0] },
    large: { rootBytes: big, rounds: played[1] },
  };
}

async function alone<T>(lock: string | undefined, work: () => Promise<T>): Promise<T> {
  await using _ = await holdLock(lock);
  return await work();
}

/** The newest release with a file beside it that nothing compresses and no other release has. */
async function publishLarge({ folder }: PreparedSubject): Promise<ReleaseFolder> {
  const output = join(folder, "out", LARGE_VERSION);
  if (!(await exists(join(output, "SHA256SUMS")))) {
    const file = join(folder, `${LARGE_VERSION}.yaml`);
    const filler = join(folder, "filler");
    await runCommand(["openssl", "rand", "-out", filler, String(FILLER_BYTES)]);
    const system = {
      extends: "./1.2.yaml",
      version: LARGE_VERSION,
      files: { "/usr/share/filler": { source: "./filler" } },
    };
    await writeAtomic(file, JSON.stringify(system));
    await copyFileTo(lockFileOf(join(folder, "1.2.yaml")), lockFileOf(file));
    await runCommand([SOCLE, "build", file, "--output", output]);
    await remove(filler);
  }
  const repository = join(folder, "repository");
  await runCommand([SOCLE, "publish", output, "--repository", repository, "--channel", LARGE_CHANNEL]);
  return findRelease(output);
}

interface RoundTarget {
  readonly channel: string;
  readonly release: ReleaseFolder;
  readonly port: number;
}

async function measureRound(saved: SavedMachine, target: RoundTarget): Promise<UpdateRound> {
  const update = await onSaved(saved, async (machine) => measureUpdate(machine, target));
  const { releases, folder } = saved.subject;
  const size = await fileSize(await findArtifact(target.release, "root"));
  const [spare, running] = [toDevice(releases["1.0"]), toDevice(releases["1.1"])];
  const written = `of=${spare} bs=1M oflag=direct conv=fsync status=none`;
  const copy = `dd if=${running} ${written} count=${size} iflag=direct,count_bytes`;
  const copySeconds = await onSaved(saved, async (machine) => timeScript(machine, copy));
  const name = await findStoredName(join(folder, "repository", "targets", target.channel), target.release);
  // bash's own TCP client: the answer's head goes to the disk as well, a few hundred bytes.
  const fetch = `exec 3<>/dev/tcp/10.0.2.2/${target.port}
printf 'GET /targets/${target.channel}/${name} HTTP/1.0\\r\\n\\r\\n' >&3
dd ${written} iflag=fullblock <&3`;
  const fetchSeconds = await onSaved(saved, async (machine) => timeScript(machine, fetch));
  return { ...update, copySeconds, fetchSeconds };
}

function toDevice({ manifest }: ReleaseFolder): string {
  return `/dev/disk/by-partuuid/${rootUuidsOf(manifest.rootHash ?? "").root}`;
}

async function findStoredName(folder: string, release: ReleaseFolder): Promise<string> {
  const name = (await findArtifact(release, "root")).split("/").at(-1) ?? "";
  const stored = (await listFolder(folder)).find((entry) => entry.endsWith(`.${name}`));
  if (stored === undefined) throw new Error(`The repository has no "${name}"`);
  return stored;
}

async function onSaved<T>(saved: SavedMachine, work: (machine: PowerCutMachine) => Promise<T>): Promise<T> {
  await using machine = await resumeMachine(saved, "update");
  const result = await work(machine);
  await machine.cutPower();
  await remove(machine.folder);
  return result;
}

async function timeScript(machine: PowerCutMachine, script: string): Promise<number> {
  await machine.tell("true"); // bash is in memory, as the agent is
  const startedAt = performance.now();
  await machine.tell(script);
  return (performance.now() - startedAt) / 1000;
}

async function measureUpdate(
  machine: PowerCutMachine,
  { channel, port }: RoundTarget,
): Promise<Pick<UpdateRound, "updateSeconds" | "writeSeconds" | "verifySeconds" | "updaterBytes">> {
  const began = new Map<string, number>();
  const steps: string[] = [];
  const startedAt = performance.now();
  const target = { repositoryUrl: `http://10.0.2.2:${port}/`, channel };
  const { succeeded, says } = await applyByAgent(machine, target, ({ case: kind, value }) => {
    if (kind !== "step") return;
    steps.push(value.kind);
    began.set(value.kind, performance.now());
  });
  const endedAt = performance.now();
  if (!succeeded) throw new Error(`The update failed: ${says}`);
  const lengthOf = (kind: string) => {
    const after = steps[steps.indexOf(kind) + 1];
    const start = began.get(kind) ?? Number.NaN;
    return ((after === undefined ? endedAt : (began.get(after) ?? Number.NaN)) - start) / 1000;
  };
  const status = await machine.tell("cat /proc/$(systemctl show -P MainPID socle-updater.service)/status");
  return {
    updateSeconds: (endedAt - startedAt) / 1000,
    writeSeconds: lengthOf("write-slot"),
    verifySeconds: lengthOf("verify-slot"),
    updaterBytes: Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
  };
}
