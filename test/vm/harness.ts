/** Boots test systems with the product's own verbs, and attacks them from inside. */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";

import {
  createMachine,
  waitUntilHealthy,
  type MachineOptions,
  type RunningMachine,
} from "#cli/runMachine.ts";
import { toStatusDocument, type StatusDocument } from "#cli/statusDocument.ts";
import type { LevelName } from "#definition/levels.ts";
import type { SystemChanges } from "#definition/systemInput.ts";
import { parseDefinition } from "#definition/parseDefinition.ts";
import type { BuildContext } from "#image/buildContext.ts";
import { buildRelease, type BuiltRelease } from "#image/buildRelease.ts";
import { openBuild } from "#image/openBuild.ts";
import { lockFileOf, resolveLock } from "#image/resolveLock.ts";
import { encodeLock } from "#release/lock.ts";
import { findMirrors } from "#system/aptArchive.ts";
import { findFreePort } from "#system/findFreePort.ts";
import { exists, remove, writeAtomic } from "#system/files.ts";
import { openWorkspace, PROJECT_ROOT } from "#system/workspace.ts";

import { SHELL_PORT, TEST_SYSTEM } from "./testSystem.ts";

/** Its lock serves all systems of these tests, which ask for no other packages, so they share one tree. */
export const LOCKED_SYSTEM = join(PROJECT_ROOT, "systems/minimal/system.ts");
const MEMORY_BYTES = 1 << 30;
/** Of this process: other tests build releases of the same name, and would put theirs in place of these. */
const RELEASES = join(PROJECT_ROOT, "out/test", String(process.pid));
process.once("exit", () => rmSync(RELEASES, { recursive: true, force: true }));

export interface TestSystem extends BuiltRelease {
  readonly context: BuildContext;
}

/** Builds the test system at a level; from the cache where nothing has changed. */
export async function buildTestSystem(level: LevelName, changes: SystemChanges = {}): Promise<TestSystem> {
  const definition = parseDefinition({ ...TEST_SYSTEM, id: `test-${level}`, level, ...changes });
  const { signal } = new AbortController();
  const packages = { report: () => {}, signal, mirrors: () => findMirrors(signal) };
  const workspace = openWorkspace();
  const lockFile = lockFileOf(LOCKED_SYSTEM);
  if (!(await exists(lockFile))) {
    await writeAtomic(lockFile, encodeLock(await resolveLock(definition, workspace, packages)));
  }
  const context = await openBuild({ definition, checks: [], file: LOCKED_SYSTEM }, workspace, packages);
  const output = join(RELEASES, `${definition.id}_${definition.version}`);
  return { context, ...(await buildRelease(context, output)) };
}

/** What a script in the machine's shell came to. */
export interface Outcome {
  readonly exitStatus: number;
  /** Standard output and standard error. */
  readonly output: string;
}

export class TestMachine implements AsyncDisposable {
  readonly #running: RunningMachine;
  readonly #shellPort: number;

  constructor(running: RunningMachine, shellPort: number) {
    this.#running = running;
    this.#shellPort = shellPort;
  }

  get machine(): RunningMachine["machine"] {
    return this.#running.machine;
  }

  get access(): RunningMachine["access"] {
    return this.#running.access;
  }

  async waitUntilHealthy(): Promise<StatusDocument> {
    const context = { report: () => {}, signal: new AbortController().signal };
    return toStatusDocument(await waitUntilHealthy(this.#running, context));
  }

  /** Runs a script as root inside the machine, which must be up. */
  async shell(script: string): Promise<Outcome> {
    return this.machine.during(`an answer to: ${script}`, 120_000, callShell(this.#shellPort, script));
  }

  /** Runs a script that must succeed, and gives what it says. */
  async tell(script: string): Promise<string> {
    const { exitStatus, output } = await this.shell(script);
    if (exitStatus === 0) return output.trim();
    throw new Error(`In the machine, exit status ${exitStatus}: ${script}\n${output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

let created = 0;

/** A machine of its own for a test, switched off. Where the test fails, the end of its console is shown. */
export async function createTestMachine(
  t: TestContext,
  system: TestSystem,
  options: Partial<MachineOptions> = {},
): Promise<TestMachine> {
  created += 1;
  const name = `${system.manifest.id}-${process.pid}-${created}`;
  const serial = join(openWorkspace().machines, `${name}.log`);
  const shellPort = await findFreePort();
  const running = await createMachine(system, system.context.tools, {
    name,
    serial,
    firmware: "direct",
    memory: MEMORY_BYTES,
    // Two of these machines run at a time, on a host with two: emulated, they would wait for each other.
    cpus: 1,
    forward: [{ hostPort: shellPort, guestPort: SHELL_PORT }],
    ...options,
  });
  t.after(async () => {
    // Node has `passed` where its types do not yet.
    if ("passed" in t && t.passed === true) await remove(serial);
    else t.diagnostic(`The console, whole in ${serial}, ends with:\n${running.machine.console.tail(40)}`);
  });
  return new TestMachine(running, shellPort);
}

/** Creates a machine and switches it on. */
export async function bootTestMachine(
  ...created: Parameters<typeof createTestMachine>
): Promise<TestMachine> {
  const machine = await createTestMachine(...created);
  await machine.machine.start();
  return machine;
}

/** One connection, one script: bash reads it to the last line, which says how it went and ends bash. */
export async function callShell(port: number, script: string): Promise<Outcome> {
  const socket = createConnection(port, "127.0.0.1").setEncoding("utf8");
  try {
    socket.write(`(\n${script}\n) < /dev/null 2>&1; printf '\\nexit %d\\n' $?; exit\n`);
    let text = "";
    socket.on("data", (chunk: string) => (text += chunk));
    await once(socket, "end");
    const [, output = "", exitStatus] = /^([^]*)\nexit (\d+)\n$/.exec(text) ?? [];
    if (exitStatus === undefined) throw new Error(`The machine's shell broke off after: ${text}`);
    return { exitStatus: Number(exitStatus), output };
  } finally {
    socket.destroy();
  }
}
