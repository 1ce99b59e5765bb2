import { dirname, join } from "node:path";

import { SocleError } from "#progress/socleError.ts";
import { appendLine, makeFolder, readText, remove, writeAtomic } from "#system/files.ts";
import { callQmp } from "#system/qmp.ts";
import { startProcess, type RunningProcess } from "#system/startProcess.ts";
import { TOOL_ENVIRONMENT, type ToolsTree } from "#system/toolsTree.ts";

import { encodeCredential, planQemu, type Acceleration } from "./planQemu.ts";
import { readUki } from "./readUki.ts";
import { SerialConsole } from "./serialConsole.ts";

export class VmError extends SocleError<"vm-ended" | "vm-timeout"> {
  override readonly name = "VmError";
}

/** PEM, as the firmware's owner would enrol them. */
export interface SecureBootCertificates {
  readonly pk: string;
  readonly kek: readonly string[];
  readonly db: readonly string[];
}

export interface MachineOptions {
  /** Kept until the machine is removed: disk, firmware variables, control socket. */
  readonly folder: string;
  readonly tools: ToolsTree;
  readonly acceleration: Acceleration;
  readonly firmware: "uefi" | "direct";
  /** PEM certificates to enrol; then Secure Boot is on. For UEFI only. */
  readonly secureBoot?: SecureBootCertificates | undefined;
  /** The release's disk image, qcow2 or raw; it is only read. */
  readonly image: { readonly file: string; readonly format: "qcow2" | "raw" };
  /** The release's unified kernel image, for a direct boot. */
  readonly uki: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly diskSizeBytes?: number | undefined;
  /** Absolute paths of raw images of more disks; they are only read. */
  readonly drives?: readonly string[];
  readonly forwards: readonly { readonly hostPort: number; readonly guestPort: number }[];
  /** systemd credentials by name. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Where the serial console is written, each line with its seconds since the start. */
  readonly serialLog: string;
  /** Words for a direct boot's kernel command line, after the image's own. */
  readonly extraArguments?: readonly string[];
}

/** A virtual machine: one folder, and while it is switched on one QEMU. */
export class Machine implements AsyncDisposable {
  readonly #options: MachineOptions;
  readonly console: SerialConsole;
  #process: RunningProcess | undefined;
  #startedAt = 0;
  #qemuOutput = "";

  private constructor(options: MachineOptions) {
    this.#options = options;
    this.console = new SerialConsole((line) => {
      const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3).padStart(9);
      appendLine(options.serialLog, `${seconds}  ${line}`);
    });
  }

  /** Makes the machine's folder with a disk of its own over the image. */
  static async create(options: MachineOptions): Promise<Machine> {
    const { folder, tools, image } = options;
    await remove(folder);
    await makeFolder(folder);
    const disk = join(folder, "disk.qcow2");
    const size = options.diskSizeBytes === undefined ? [] : [String(options.diskSizeBytes)];
    const argv = [
      "qemu-img",
      "create",
      "-q",
      "-f",
      "qcow2",
      "-b",
      image.file,
      "-F",
      image.format,
      disk,
      ...size,
    ];
    await tools.run(argv, { folders: [folder, join(image.file, "..")] });
    if (options.firmware === "uefi") {
      await writeVariables(options);
    } else {
      const { kernel, initrd, commandLine } = await readUki(options.uki);
      await writeAtomic(join(folder, "kernel"), kernel);
      await writeAtomic(join(folder, "initrd"), initrd);
      await writeAtomic(
        join(folder, "commandline"),
        [commandLine, ...(options.extraArguments ?? [])].join(" "),
      );
    }
    await makeFolder(join(folder, "credentials"));
    for (const [name, content] of Object.entries(options.credentials)) {
      await writeAtomic(join(folder, "credentials", name), encodeCredential(name, content), 0o600);
    }
    await writeAtomic(options.serialLog, "");
    return new Machine(options);
  }

  get folder(): string {
    return this.#options.folder;
  }

  get isOn(): boolean {
    return this.#process !== undefined;
  }

  /** Settles when the machine is off. */
  async ended(): Promise<void> {
    await this.#process?.ended;
  }

  /** Switches the machine on. */
  async start(): Promise<void> {
    const { folder, tools, image, drives = [] } = this.#options;
    const argv = planQemu(await this.#plan());
    this.#startedAt = performance.now();
    const folders = [folder, ...[image.file, ...drives].map((file) => dirname(file))];
    const process = startProcess(tools.toHostCommand(argv, folders), {
      environment: TOOL_ENVIRONMENT,
      onOutput: (text) => this.console.write(text),
      onError: (text) => (this.#qemuOutput += text),
    });
    this.#process = process;
    process.ended.then(
      () => (this.#process = undefined),
      () => (this.#process = undefined),
    );
  }

  async #plan(): Promise<Parameters<typeof planQemu>[0]> {
    const { folder, acceleration, memoryBytes, cpus, forwards, credentials, firmware, secureBoot } =
      this.#options;
    return {
      acceleration,
      memoryBytes,
      cpus,
      forwards,
      disk: join(folder, "disk.qcow2"),
      drives: this.#options.drives ?? [],
      control: join(folder, "qmp.sock"),
      smbiosStrings: Object.keys(credentials).map((name) => join(folder, "credentials", name)),
      boot:
        firmware === "uefi"
          ? {
              kind: "uefi",
              variables: join(folder, "variables.fd"),
              ...(secureBoot === undefined ? { code: OVMF.code } : { code: OVMF.secureCode, isSecure: true }),
            }
          : {
              kind: "direct",
              kernel: join(folder, "kernel"),
              initrd: join(folder, "initrd"),
              commandLine: await readText(join(folder, "commandline")),
            },
    };
  }

  /** Settles with what `work` gives; rejects when QEMU ends or the time is over before. */
  async during<T>(what: string, timeoutMs: number, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.#error("vm-timeout", `Waited ${timeoutMs / 1000} s for ${what}`)),
        timeoutMs,
      );
    });
    const ended = this.#process?.ended.then(({ status, killedBy }) => {
      throw this.#error(
        "vm-ended",
        `QEMU ended (${killedBy ?? `exit status ${String(status)}`}) before ${what}`,
      );
    });
    try {
      return await Promise.race([work, timeout, ...(ended === undefined ? [] : [ended])]);
    } finally {
      clearTimeout(timer);
    }
  }

  async waitForLine(pattern: RegExp, timeoutMs: number): Promise<string> {
    return this.during(
      `a line like ${String(pattern)} on the console`,
      timeoutMs,
      this.console.waitFor(pattern),
    );
  }

  #error(code: "vm-ended" | "vm-timeout", message: string): VmError {
    return new VmError(code, message, {
      outputTail: [this.#qemuOutput.trim(), this.console.tail(20)].filter((part) => part !== "").join("\n"),
      hint: `The whole console is in ${this.#options.serialLog}`,
    });
  }

  /** Presses the power button and waits; pulls the plug where the system does not react in time. */
  async stop(timeoutMs = 30_000): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    const over = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), timeoutMs).unref());
    await callQmp(join(this.folder, "qmp.sock"), [{ execute: "system_powerdown" }]).catch(() => {});
    if ((await Promise.race([process.ended, over])) === "late") await this.pullPlug();
  }

  /** A power cut: QEMU is killed. */
  async pullPlug(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    process.kill();
    await process.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pullPlug();
    await remove(this.folder);
  }
}

/** In the tools tree. */
const OVMF = {
  code: "/usr/share/OVMF/OVMF_CODE_4M.fd",
  /** With Secure Boot; its variables need system management mode. */
  secureCode: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
  variables: "/usr/share/OVMF/OVMF_VARS_4M.fd",
};

/** The firmware's variables as it leaves the factory, or with keys enrolled. */
async function writeVariables({ folder, tools, secureBoot }: MachineOptions): Promise<void> {
  const variables = join(folder, "variables.fd");
  if (secureBoot === undefined) {
    await tools.run(["cp", OVMF.variables, variables], { folders: [folder] });
    return;
  }
  const enrolled = Object.entries({
    "--set-pk": [secureBoot.pk],
    "--add-kek": secureBoot.kek,
    "--add-db": secureBoot.db,
  }).flatMap(([option, certificates]) => certificates.map((pem) => ({ option, pem })));
  const options: string[] = [];
  for (const [index, { option, pem }] of enrolled.entries()) {
    const file = join(folder, `certificate-${index}.pem`);
    await writeAtomic(file, pem);
    options.push(option, KEY_OWNER, file);
  }
  const argv = ["virt-fw-vars", "--input", OVMF.variables, "--output", variables, ...options, "--sb"];
  await tools.run(argv, { folders: [folder] });
}

/** Who vouches for an enrolled certificate (UEFI 2.10, 32.4.1): any GUID of one's own. */
const KEY_OWNER = "5b1ec0de-50c1-4e00-8a7e-50c1e50c1e00";
