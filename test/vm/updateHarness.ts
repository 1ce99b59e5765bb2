/** A machine that updates, a repository that it updates from, and what `socle` says of both. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { ExitCode } from "#cli/exitCode.ts";
import { updateApply } from "#cli/commands/updateApply.ts";
import { rollback } from "#cli/commands/rollback.ts";
import { updateWhy } from "#cli/commands/updateWhy.ts";
import { fetchUpdateState, waitForState, type NamedMachine } from "#cli/update/updateMachine.ts";
import type { FollowContext } from "#cli/update/followToResult.ts";
import type { ApplyOptions, TargetOptions } from "#cli/update/updateOptions.ts";
import type { UpdateResult } from "#cli/update/updateResult.ts";
import { toUpdateStateDocument, type UpdateStateDocument } from "#cli/update/updateStateDocument.ts";
import type { toWhyDocument } from "#cli/update/updateWhy.ts";
import { findKeys } from "#image/openBuild.ts";
import type { ProgressEvent } from "#progress/events.ts";
import { makeFolder, remove } from "#system/files.ts";
import { openKeyFolder } from "#system/keyFolder.ts";
import { publishRelease, type ReleaseToPublish } from "#system/publishRelease.ts";
import { toRepositoryKeys } from "#system/repositoryKeys.ts";
import { serveFolder } from "#system/serveFolder.ts";
import { openWorkspace } from "#system/workspace.ts";

import { createTestMachine, LOCKED_SYSTEM, type TestMachine, type TestSystem } from "./harness.ts";

/** The host's loopback, as QEMU's network shows it to a machine. */
const HOST_ADDRESS = "10.0.2.2";
/** Of an update with several boots, emulated, on a busy host. */
const UPDATE_TIMEOUT_MS = 480_000;
/** Each question makes an emulated machine busy for seconds, in which it does not boot. */
const PATIENCE = { intervalMs: 4_000, standstillMs: UPDATE_TIMEOUT_MS };

/** What a command of `socle` came to. */
export interface Told<T> {
  readonly exitCode: ExitCode;
  /** What it wrote with `-o json`. */
  readonly document: T;
  /** The steps that it showed, in their order. */
  readonly steps: readonly string[];
  /** Bytes that came over the network for a step. */
  readonly details: ReadonlyMap<string, string>;
}

export interface TestRepository {
  /** As a machine reaches it. */
  readonly url: string;
  /** For releases that are made for the test. */
  readonly work: string;
  publish(release: ReleaseToPublish, channel: string): Promise<void>;
}

/** A repository of the keys that the test systems trust, served on this host's loopback until the test is over. */
export async function openTestRepository(t: TestContext): Promise<TestRepository> {
  const workspace = openWorkspace();
  const work = join(workspace.machines, `repository-${process.pid}`);
  const folder = join(work, "site");
  await makeFolder(folder);
  t.after(() => remove(work));
  const report = () => {};
  const keyFolder = await findKeys({ file: LOCKED_SYSTEM }, workspace, { report });
  const keys = toRepositoryKeys(await openKeyFolder(keyFolder));
  const served = await serveFolder(folder);
  t.after(() => served.close());
  return {
    url: `http://${HOST_ADDRESS}:${served.port}/`,
    work,
    publish: async (release, channel) => {
      await publishRelease({ folder, keys, now: () => new Date(), report }, { release, channel });
    },
  };
}

/** A machine with OVMF and systemd-boot that takes from the channel `auto` what is there, and from others what it is told to. */
export async function createUpdatingMachine(
  t: TestContext,
  system: TestSystem,
  { url }: TestRepository,
): Promise<UpdatingMachine> {
  const configuration = {
    apiVersion: "socle/v1",
    kind: "MachineConfiguration",
    update: { repository: url, channel: "auto", mode: "automatic" },
  };
  return new UpdatingMachine(
    await createTestMachine(t, system, { firmware: "uefi", configuration: JSON.stringify(configuration) }),
  );
}

export class UpdatingMachine implements AsyncDisposable {
  readonly vm: TestMachine;

  constructor(vm: TestMachine) {
    this.vm = vm;
  }

  /** `socle update apply --yes`, followed to its end. */
  async apply(
    release: string,
    options: Partial<ApplyOptions> = {},
    onEvent?: (event: ProgressEvent) => void,
  ): Promise<Told<UpdateResult>> {
    const all = { channel: "test", release, yes: true, reboot: true, ...options } as const;
    return this.#ask(
      `the update to ${release}`,
      (...rest) => updateApply(this.#named, all, ...rest),
      onEvent,
    );
  }

  /** `socle rollback --yes`, followed to its end. */
  async rollback({ reboot }: { reboot: boolean }): Promise<Told<UpdateResult>> {
    return this.#ask("the rollback", (...rest) => rollback(this.#named, { yes: true, reboot }, ...rest));
  }

  /** `socle update why`. */
  async why(options: TargetOptions): Promise<Told<ReturnType<typeof toWhyDocument>>> {
    return this.#ask("the gates", (...rest) => updateWhy(this.#named, options, ...rest));
  }

  async state(): Promise<UpdateStateDocument> {
    return toUpdateStateDocument(await this.vm.machine.during("its state", 60_000, this.#fetch()));
  }

  /** Asks for the state until it is as wanted, over as many boots as that takes. */
  async waitFor(what: string, isSo: (state: UpdateStateDocument) => boolean): Promise<UpdateStateDocument> {
    const following = { report: () => {}, signal: new AbortController().signal, patience: PATIENCE };
    const waiting = waitForState(
      this.#named,
      (state) => isSo(toUpdateStateDocument(state)),
      () => {},
      following,
    );
    return toUpdateStateDocument(await this.vm.machine.during(what, UPDATE_TIMEOUT_MS, waiting));
  }

  /** Waits until it runs this version in another boot than this one, and the version was found good. */
  async waitForGood(version: string, { after }: { after: string }): Promise<UpdateStateDocument> {
    return this.waitFor(
      `version ${version} to be good`,
      ({ bootId, runningVersion, phase, healthReports }) =>
        bootId !== after &&
        runningVersion === version &&
        phase !== "trying" &&
        healthReports[0]?.bootId === bootId &&
        healthReports[0].verdict === "pass",
    );
  }

  /** Kernels that have been started since the machine was switched on. */
  get kernelStarts(): number {
    return this.vm.machine.console.lines.filter((line) => /\bLinux version \d/.test(line)).length;
  }

  /** Names of the kernel images, and what the loader will do with them. */
  async listKernels(): Promise<string[]> {
    return (await this.vm.tell("ls /boot/EFI/Linux")).split("\n").toSorted();
  }

  /** Of both copies of the partition table, and of the first MiB of each slot. */
  async hashPartitionTable(): Promise<string> {
    return this.vm.tell("sync; { head -c 17408 /dev/vda; tail -c 16896 /dev/vda; } | sha256sum");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vm[Symbol.asyncDispose]();
  }

  get #named(): NamedMachine {
    return { ...this.vm.access, name: UPDATED };
  }

  async #fetch() {
    return fetchUpdateState(this.#named);
  }

  async #ask<T>(
    what: string,
    command: (context: FollowContext) => Promise<ExitCode>,
    onEvent?: (event: ProgressEvent) => void,
  ): Promise<Told<T>> {
    let text = "";
    const steps: string[] = [];
    const details = new Map<string, string>();
    const context: FollowContext = {
      stdout: (part) => (text += part),
      stderr: () => {},
      report: (event) => {
        if (event.kind === "step-started") steps.push(event.step);
        if (event.kind === "step-done") details.set(event.step, event.detail ?? "");
        onEvent?.(event);
      },
      signal: new AbortController().signal,
      output: "json",
      isQuiet: false,
      isTerminal: false,
      patience: PATIENCE,
    };
    const exitCode = await this.vm.machine.during(what, UPDATE_TIMEOUT_MS, command(context));
    assert.notEqual(text, "", `${what}: the command said nothing`);
    return { exitCode, document: JSON.parse(text) as T, steps, details }; // its own document
  }
}

/** What the machine is called in documents. */
const UPDATED = "updated";
