import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { reportStep } from "#progress/events.ts";
import { SocleError } from "#progress/socleError.ts";
import type { GetStatusResponse } from "#protocol/gen/socle/v1/machine_pb.ts";
import { fileSize } from "#system/files.ts";
import { findFreePort } from "#system/findFreePort.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import { openWorkspace } from "#system/workspace.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";
import { findAcceleration } from "#vm/findAcceleration.ts";
import { findArtifact, type ReleaseFolder } from "#vm/findRelease.ts";
import { Machine, type SecureBootCertificates } from "#vm/machine.ts";
import { writeMachineRecord } from "#vm/machineFolder.ts";

import { toPauseMs } from "./askAgain.ts";
import type { CommandContext } from "./commandContext.ts";
import type { VmOptions } from "./commandOptions.ts";
import { type MachineAccess, MachineCallError } from "./callMachine.ts";
import { fetchStatus } from "./commands/status.ts";
import { toStatusDocument } from "./statusDocument.ts";

/** The agent's port inside every machine. */
const AGENT_PORT = 7443;
/** Several emulated machines at a time on two processors take minutes; one that has ended is not waited for. */
const BOOT_TIMEOUT_MS = 600_000;
/** Between two questions whether it is healthy; while nobody listens, they cost little, but not nothing. */
const PAUSE_MS = { kvm: 300, tcg: 2_000 } as const;
const CERTIFICATE_DAYS = 30;

export class BootError extends SocleError<"not-healthy"> {
  override readonly name = "BootError";
}

/** The options of `socle vm`, the text of a machine configuration, and words for the command line of a direct boot. */
export type MachineOptions = VmOptions & {
  readonly configuration?: string;
  readonly extraArguments?: readonly string[];
  /** What the firmware trusts; then Secure Boot is on. */
  readonly secureBootCertificates?: SecureBootCertificates;
  /** Another disk than the release's own. */
  readonly image?: { readonly file: string; readonly format: "qcow2" | "raw" };
};

/** A machine, and how to reach its agent. */
export interface RunningMachine extends AsyncDisposable {
  readonly machine: Machine;
  readonly name: string;
  readonly access: MachineAccess;
  readonly acceleration: "kvm" | "tcg";
}

/** Makes a machine for a release and switches it on. */
export async function startMachine(
  release: ReleaseFolder,
  tools: ToolsTree,
  options: MachineOptions,
): Promise<RunningMachine> {
  const running = await createMachine(release, tools, options);
  await running.machine.start();
  return running;
}

/** Makes a machine for a release, with access of its own. It is off. */
export async function createMachine(
  release: ReleaseFolder,
  tools: ToolsTree,
  options: MachineOptions,
): Promise<RunningMachine> {
  const workspace = openWorkspace();
  const name = options.name ?? release.manifest.id;
  const folder = join(workspace.machines, name);
  const uki = await findArtifact(release, "uki");
  const acceleration = await findAcceleration(tools, workspace.machines, uki);
  const port = options.port ?? (await findFreePort());
  const development = await createDevelopmentAccess({ name, now: new Date(), days: CERTIFICATE_DAYS });
  const machine = await Machine.create({
    folder,
    tools,
    acceleration,
    firmware: options.firmware,
    secureBoot: options.secureBootCertificates,
    image: options.image ?? { file: await findArtifact(release, "disk-qcow2"), format: "qcow2" },
    uki,
    memoryBytes: options.memory,
    cpus: options.cpus,
    diskSizeBytes: options.diskSize,
    drives: await Promise.all((options.drive ?? []).map(findDriveImage)),
    extraArguments: options.extraArguments ?? [],
    forwards: [{ hostPort: port, guestPort: AGENT_PORT }, ...options.forward],
    credentials: {
      ...(options.maintenance === true
        ? {}
        : {
            "socle.agent.cert": development.server.cert,
            "socle.agent.key": development.server.key,
            "socle.agent.ca": development.ca,
          }),
      ...(options.configuration === undefined ? {} : { "socle.config": options.configuration }),
    },
    serialLog:
      options.serial === undefined ? join(workspace.machines, `${name}.log`) : resolve(options.serial),
  });
  const access = {
    host: "127.0.0.1",
    port,
    caPem: development.ca,
    certPem: development.client.cert,
    keyPem: development.client.key,
  };
  // One that lets nobody in yet is known only once somebody adds it to their contexts.
  if (options.maintenance !== true) await writeMachineRecord(folder, { name, pid: process.pid, ...access });
  return { machine, name, access, acceleration, [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose]() };
}

/** @throws when there is none, as for any other file that is named */
async function findDriveImage(file: string): Promise<string> {
  await fileSize(file);
  return resolve(file);
}

/** Waits until the console of a machine that was handed no keys shows its fingerprint. */
export async function waitForFingerprint(
  { machine }: Pick<RunningMachine, "machine">,
  { report }: Pick<CommandContext, "report">,
): Promise<string> {
  return reportStep(report, "boot", async () => {
    const line = await machine.waitForLine(FINGERPRINT, BOOT_TIMEOUT_MS);
    return { value: FINGERPRINT.exec(line)?.[0] ?? "", detail: "it waits for its first configuration" };
  });
}

const FINGERPRINT = /sha256:[0-9a-f]{64}/;

/** Waits until the system says that it is healthy, and shows what it is doing until then. */
export async function waitUntilHealthy(
  running: Pick<RunningMachine, "access" | "acceleration"> & {
    readonly machine: Pick<Machine, "console" | "during">;
  },
  context: Pick<CommandContext, "report" | "signal">,
): Promise<GetStatusResponse> {
  const { machine, access, acceleration } = running;
  return reportStep(context.report, "boot", async () => {
    const detail = acceleration === "kvm" ? "KVM" : "emulated, KVM does not work here";
    const timer = setInterval(() => {
      const last = machine.console.lines.at(-1);
      if (last !== undefined) context.report({ kind: "step-detail", step: "boot", detail: last.trim() });
    }, 500);
    const waiting = new AbortController();
    try {
      const value = await machine.during(
        "the system was healthy",
        BOOT_TIMEOUT_MS,
        pollStatus(access, PAUSE_MS[acceleration], AbortSignal.any([context.signal, waiting.signal])),
      );
      return { value, detail };
    } finally {
      clearInterval(timer);
      waiting.abort(); // where the machine has ended or the time was over, nobody waits for the answer any more
    }
  });
}

async function pollStatus(
  access: MachineAccess,
  pauseMs: number,
  signal: AbortSignal,
): Promise<GetStatusResponse> {
  for (;;) {
    signal.throwIfAborted();
    const askedMs = performance.now();
    const status = await fetchStatus(access, { timeoutMs: 10_000, signal }).catch((error: unknown) => {
      // Until the agent listens, the forwarded port refuses, closes or hangs.
      if (error instanceof MachineCallError) return undefined;
      throw error;
    });
    if (status !== undefined) {
      const { healthy, systemState, problems } = toStatusDocument(status);
      if (healthy) return status;
      if (systemState === "degraded") {
        throw new BootError(
          "not-healthy",
          `The system has booted but is not healthy: ${problems.join("; ") || "a unit failed"}`,
          {
            hint: "Look at it: socle status",
          },
        );
      }
    }
    await sleep(toPauseMs(pauseMs, performance.now() - askedMs), undefined, { signal });
  }
}
