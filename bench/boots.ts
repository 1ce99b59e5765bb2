import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { MachineCallError, type MachineAccess } from "../src/cli/callMachine.ts";
import { fetchStatus } from "../src/cli/commands/status.ts";
import { toStatusDocument } from "../src/cli/statusDocument.ts";
import { prepareTools } from "#image/prepareTools.ts";
import { readLock } from "#image/resolveLock.ts";
import { writeAtomic } from "#system/files.ts";
import { findFreePort } from "#system/findFreePort.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { runCommand } from "#system/runCommand.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import { PROJECT_ROOT } from "#system/workspace.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";
import { findAcceleration } from "#vm/findAcceleration.ts";
import { findArtifact, findRelease } from "#vm/findRelease.ts";
import { Machine } from "#vm/machine.ts";

import { findPrograms, SOCLE, socleEnvironment, type BenchWorkspace } from "./benchWorkspace.ts";
import type { BenchOptions } from "./builds.ts";
import { holdLock } from "./holdLock.ts";
import { makePlainImage, type BootImage } from "./plainImage.ts";

export const SUBJECTS = ["semi", "sealed", "plain"] as const;
export const FIRMWARES = ["direct", "uefi"] as const;
export type Subject = (typeof SUBJECTS)[number];
export type Firmware = (typeof FIRMWARES)[number];

export interface Boot {
  readonly subject: Subject;
  readonly firmware: Firmware;
  /** From the start of QEMU to the first answer over mutual TLS. */
  readonly seconds: number;
  /** As the machine itself measured, since its kernel started or, over firmware, since power-on. */
  readonly bootTimesUs: Readonly<Record<string, number>>;
}

export interface BootFigures {
  readonly acceleration: string;
  readonly boots: readonly Boot[];
}

type Status = Awaited<ReturnType<typeof fetchStatus>>;

const AGENT_PORT = 7443;
const MEMORY_BYTES = 1 << 30;
const CPUS = 2;
const TIMEOUT_MS = 300_000;

/** Boots each image on a fresh disk, in turns, with the same QEMU and the same virtual machine. */
export async function benchBoots(
  bench: BenchWorkspace,
  { rounds, lock }: BenchOptions,
): Promise<BootFigures> {
  const preparing = await holdLock(lock);
  const { tools, images } = await prepareImages(bench);
  const acceleration = await findAcceleration(tools, bench.folder, images.semi.uki);
  await preparing[Symbol.asyncDispose]();
  const boots: Boot[] = [];
  for (let round = 1; round <= rounds; round++) {
    await using _ = await holdLock(lock);
    for (const firmware of FIRMWARES) {
      for (const subject of SUBJECTS) {
        const boot = await measureBoot(bench, tools, {
          subject,
          firmware,
          acceleration,
          image: images[subject],
        });
        boots.push(boot);
        console.error(`boot, ${firmware}, ${subject}, round ${round}: ${boot.seconds.toFixed(1)} s`);
      }
    }
  }
  return { acceleration, boots };
}

async function prepareImages(
  bench: BenchWorkspace,
): Promise<{ tools: ToolsTree; images: Record<Subject, BootImage> }> {
  const environment = socleEnvironment(bench);
  const images: Partial<Record<Subject, BootImage>> = {};
  for (const level of ["semi", "sealed"] as const) {
    const file = join(bench.folder, level, "system.yaml");
    await writeAtomic(file, `extends: ${join(PROJECT_ROOT, "systems/minimal/system.ts")}\nlevel: ${level}\n`);
    const output = join(bench.folder, "out", level);
    await runCommand([SOCLE, "lock", file], { environment });
    await runCommand([SOCLE, "build", file, "--output", output], { environment });
    const release = await findRelease(output);
    images[level] = {
      disk: { file: await findArtifact(release, "disk-qcow2"), format: "qcow2" },
      uki: await findArtifact(release, "uki"),
    };
  }
  const { definition, file } = await loadDefinition(join(bench.folder, "sealed", "system.yaml"));
  const lock = await readLock(definition, file);
  const tools = await prepareTools(lock.tools, bench.workspace, bench.context);
  const plain = await makePlainImage(bench, tools, {
    definition,
    packages: lock.request.packages,
    programs: await findPrograms(bench),
  });
  return { tools, images: { ...(images as Record<"semi" | "sealed", BootImage>), plain } };
}

async function measureBoot(
  bench: BenchWorkspace,
  tools: ToolsTree,
  {
    subject,
    firmware,
    acceleration,
    image,
  }: { subject: Subject; firmware: Firmware; acceleration: "kvm" | "tcg"; image: BootImage },
): Promise<Boot> {
  const name = `bench-${subject}`;
  const development = await createDevelopmentAccess({ name, now: new Date(), days: 1 });
  const port = await findFreePort();
  await using machine = await Machine.create({
    folder: join(bench.folder, "machines", name),
    tools,
    acceleration,
    firmware,
    image: image.disk,
    uki: image.uki,
    memoryBytes: MEMORY_BYTES,
    cpus: CPUS,
    forwards: [{ hostPort: port, guestPort: AGENT_PORT }],
    credentials: {
      "socle.agent.cert": development.server.cert,
      "socle.agent.key": development.server.key,
      "socle.agent.ca": development.ca,
    },
    serialLog: join(bench.folder, "machines", `${name}-${firmware}.log`),
  });
  const { cert, key } = development.client;
  const startedAt = performance.now();
  await machine.start();
  const access = { host: "127.0.0.1", port, caPem: development.ca, certPem: cert, keyPem: key };
  const { status, answeredAt } = await machine.during(
    "the agent's first answer",
    TIMEOUT_MS,
    firstAnswer(access),
  );
  const seconds = (answeredAt - startedAt) / 1000;
  return { subject, firmware, seconds, bootTimesUs: toStatusDocument(status).bootTimesUs };
}

const ASK_EVERY_MS = 200;
const GIVE_UP_MS = 10_000;
/** A call made before the guest has a network hangs for seconds; the next one does not wait for it. */
const OVERLAP_MS = 1_500;

async function firstAnswer(access: MachineAccess): Promise<{ status: Status; answeredAt: number }> {
  let answer: { status: Status; answeredAt: number } | undefined;
  while (answer === undefined) {
    const call = fetchStatus(access, { timeoutMs: GIVE_UP_MS }).then(
      (status) => void (answer ??= { status, answeredAt: performance.now() }),
      (error: unknown) => {
        if (!(error instanceof MachineCallError)) throw error;
      },
    );
    await Promise.race([call, setTimeout(OVERLAP_MS)]);
    await setTimeout(ASK_EVERY_MS);
  }
  return answer;
}
