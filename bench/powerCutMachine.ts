import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { MachineCallError, type MachineAccess } from "../src/cli/callMachine.ts";
import { fetchStatus } from "../src/cli/commands/status.ts";
import { toStatusDocument, type StatusDocument } from "../src/cli/statusDocument.ts";
import { appendLine, makeFolder, remove, writeAtomic } from "#system/files.ts";
import { findFreePort } from "#system/findFreePort.ts";
import { callQmp, type QmpCommand } from "#system/qmp.ts";
import { startProcess, type RunningProcess } from "#system/startProcess.ts";
import { TOOL_ENVIRONMENT, type ToolsTree } from "#system/toolsTree.ts";
import type { DevelopmentAccess } from "#trust/certificates.ts";
import { encodeCredential, planQemu, type Acceleration } from "#vm/planQemu.ts";
import { SerialConsole } from "#vm/serialConsole.ts";

import { callShell } from "../test/vm/harness.ts";
import { SHELL_PORT } from "../test/vm/testSystem.ts";

const AGENT_PORT = 7443;
const MEMORY_BYTES = 768 << 20;
const CPUS = 2;
const OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const OVMF_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd";
const STATE_TIMEOUT_MS = 120_000;

/** What all machines of a subject have in common: a saved state fits a machine with the same devices and credentials only. */
export interface MachineFamily {
  readonly tools: ToolsTree;
  readonly acceleration: Acceleration;
  readonly development: DevelopmentAccess;
  /** Has the images below the disks, and everything else of the family. */
  readonly folder: string;
}

export async function writeCredentials({ folder, development }: MachineFamily): Promise<void> {
  for (const [name, content] of Object.entries(toCredentials(development)))
    await writeAtomic(join(folder, "credentials", name), encodeCredential(name, content), 0o600);
}

function toCredentials({ server, ca }: DevelopmentAccess): Record<string, string> {
  return { "socle.agent.cert": server.cert, "socle.agent.key": server.key, "socle.agent.ca": ca };
}

/** A machine whose memory can be saved and whose QEMU is killed at any moment; OVMF, systemd-boot, cache=writeback. */
export class PowerCutMachine implements AsyncDisposable {
  readonly #family: MachineFamily;
  readonly folder: string;
  #process: RunningProcess | undefined;
  #agentPort = 0;
  #shellPort = 0;

  private constructor(family: MachineFamily, folder: string) {
    this.#family = family;
    this.folder = folder;
  }

  /** With a disk of its own over another one. */
  static async create(
    family: MachineFamily,
    name: string,
    base: { disk: string; format: "qcow2" | "raw"; variables?: string },
  ): Promise<PowerCutMachine> {
    const folder = join(family.folder, name);
    await remove(folder);
    await makeFolder(folder);
    const machine = new PowerCutMachine(family, folder);
    const { tools } = family;
    const folders = [family.folder];
    const argv = [
      "qemu-img",
      "create",
      "-q",
      "-f",
      "qcow2",
      "-b",
      base.disk,
      "-F",
      base.format,
      machine.disk,
    ];
    await tools.run(argv, { folders });
    await tools.run(["cp", base.variables ?? OVMF_VARIABLES, machine.variables], { folders });
    return machine;
  }

  get disk(): string {
    return join(this.folder, "disk.qcow2");
  }

  get variables(): string {
    return join(this.folder, "variables.fd");
  }

  get access(): MachineAccess {
    const { ca, client } = this.#family.development;
    return { host: "127.0.0.1", port: this.#agentPort, caPem: ca, certPem: client.cert, keyPem: client.key };
  }

  /** Switches it on, or goes on where the state was saved. */
  async start(state?: string): Promise<void> {
    const { tools, acceleration, folder } = this.#family;
    this.#agentPort = await findFreePort();
    this.#shellPort = await findFreePort();
    const argv = planQemu({
      acceleration,
      memoryBytes: MEMORY_BYTES,
      cpus: CPUS,
      disk: this.disk,
      boot: { kind: "uefi", code: OVMF_CODE, variables: this.variables },
      forwards: [
        { hostPort: this.#agentPort, guestPort: AGENT_PORT },
        { hostPort: this.#shellPort, guestPort: SHELL_PORT },
      ],
      smbiosStrings: Object.keys(toCredentials(this.#family.development)).map((name) =>
        join(folder, "credentials", name),
      ),
      control: join(this.folder, "qmp.sock"),
    });
    if (state !== undefined) argv.push("-incoming", `file:${state}`);
    const log = join(this.folder, "console.log");
    const console = new SerialConsole((line) => appendLine(log, line));
    const process = startProcess(tools.toHostCommand(argv, [folder]), {
      environment: TOOL_ENVIRONMENT,
      onOutput: (text) => console.write(text),
      onError: (text) => appendLine(log, `QEMU: ${text.trim()}`),
    });
    this.#process = process;
    process.ended.then(
      () => (this.#process = undefined),
      () => (this.#process = undefined),
    );
    if (state !== undefined) await this.#waitFor("query-status", ({ status }) => status === "running");
  }

  /** Stops the machine, keeps its memory and devices in a file, and switches it off. */
  async save(state: string): Promise<void> {
    await this.#ask(
      { execute: "migrate-set-parameters", arguments: { "max-bandwidth": 1e12 } },
      { execute: "migrate", arguments: { uri: `file:${state}` } },
    );
    await this.#waitFor("query-migrate", ({ status }) => {
      if (status === "failed") throw new Error("QEMU cannot save the machine");
      return status === "completed";
    });
    await this.cutPower();
  }

  async #ask(...commands: QmpCommand[]): Promise<unknown> {
    return callQmp(join(this.folder, "qmp.sock"), commands);
  }

  async #waitFor(query: string, isThere: (answer: { status?: string }) => boolean): Promise<void> {
    for (
      const endAt = performance.now() + STATE_TIMEOUT_MS;
      performance.now() < endAt;
      await setTimeout(50)
    ) {
      const answer = await this.#ask({ execute: query }).catch(() => undefined); // its socket is not there at once
      if (answer !== undefined && isThere(answer as { status?: string })) return; // QEMU's own words
      if (this.#process === undefined) throw new Error(`QEMU has ended, see ${this.folder}/console.log`);
    }
    throw new Error(`QEMU did not come to the end of its work within ${STATE_TIMEOUT_MS / 1000} s`);
  }

  /** SIGKILL for QEMU. What it has told the guest to be flushed is with the host; what it still holds is lost. */
  async cutPower(): Promise<void> {
    const process = this.#process;
    process?.kill();
    await process?.ended;
  }

  async shell(script: string): Promise<{ readonly exitStatus: number; readonly output: string }> {
    return callShell(this.#shellPort, script);
  }

  async tell(script: string): Promise<string> {
    const { exitStatus, output } = await this.shell(script);
    if (exitStatus === 0) return output.trim();
    throw new Error(`In the machine, exit status ${exitStatus}: ${script}\n${output}`);
  }

  /** Asks the agent until it says that the system is healthy; undefined when that takes too long. */
  async waitUntilHealthy(timeoutMs: number): Promise<StatusDocument | undefined> {
    for (const endAt = performance.now() + timeoutMs; performance.now() < endAt; await setTimeout(500)) {
      const status = await fetchStatus(this.access, { timeoutMs: 5_000 }).catch((error: unknown) => {
        if (error instanceof MachineCallError) return undefined;
        throw error;
      });
      const document = status === undefined ? undefined : toStatusDocument(status);
      if (document?.healthy === true) return document;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
  }
}
