/** A machine that updates, and what `socle` says of it. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type { ExitCode } from "#cli/exitCode.ts";
import { updateApply } from "#cli/commands/updateApply.ts";
import { rollback } from "#cli/commands/rollback.ts";
import { createWhyView } from "#cli/commands/updateWhy.ts";
import { fetchUpdateState, waitForState, type NamedMachine } from "#cli/update/updateMachine.ts";
import type { FollowContext } from "#cli/update/followToResult.ts";
import type { ApplyOptions, TargetOptions } from "#cli/update/updateOptions.ts";
import type { UpdateResult } from "#cli/update/updateResult.ts";
import {
  isInTheWay,
  toUpdateStateDocument,
  type UpdateStateDocument,
} from "#cli/update/updateStateDocument.ts";
import type { WhyDocument } from "#cli/update/updateWhy.ts";
import type { ProgressEvent } from "#progress/events.ts";

import { createTestMachine, type TestMachine, type TestSystem } from "./harness.ts";

/** Of an update with several boots, emulated, on a busy host. */
const UPDATE_TIMEOUT_MS = 1_800_000;
/** Each question makes an emulated machine busy for seconds, in which it does not boot. */
const PATIENCE = { intervalMs: 10_000, standstillMs: UPDATE_TIMEOUT_MS };

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

/** A machine with OVMF and systemd-boot that takes from the channel `auto` what is there, and from others what it is told to. */
export async function createUpdatingMachine(
  t: TestContext,
  system: TestSystem,
  { url: repository, proxy: http }: { readonly url: string; readonly proxy?: string },
): Promise<UpdatingMachine> {
  const configuration = {
    apiVersion: "socle/v1",
    kind: "MachineConfiguration",
    ...(http === undefined ? {} : { network: { proxy: { http } } }),
    update: { repository, channel: "auto", mode: "automatic" },
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

  /** Switches it on for the first time, and leaves data in /var. */
  async startFirst(version: string): Promise<void> {
    await this.vm.machine.start();
    await this.waitForGood(version, { after: "" });
    await this.vm.tell(`echo '${DATA}' > /var/lib/test-data && sync`);
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
  async why(options: TargetOptions): Promise<WhyDocument> {
    return this.#during("the gates", async (signal) =>
      createWhyView(options).ask(this.#named, { report: () => {}, signal }),
    );
  }

  async state(): Promise<UpdateStateDocument> {
    return toUpdateStateDocument(await this.vm.machine.during("its state", 120_000, this.#fetch()));
  }

  /** Asks for the state until it is as wanted, over as many boots as that takes. */
  async waitFor(what: string, isSo: (state: UpdateStateDocument) => boolean): Promise<UpdateStateDocument> {
    const state = await this.#during(what, async (signal) =>
      waitForState(
        this.#named,
        (state) => isSo(toUpdateStateDocument(state)),
        () => {},
        { report: () => {}, signal, patience: PATIENCE },
      ),
    );
    return toUpdateStateDocument(state);
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

  /** Of both copies of the partition table. */
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

  /** What is not done in time is not done any more. */
  async #during<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    try {
      return await this.vm.machine.during(what, UPDATE_TIMEOUT_MS, work(abort.signal));
    } finally {
      abort.abort();
    }
  }

  async #ask<T>(
    what: string,
    command: (context: FollowContext) => Promise<ExitCode>,
    onEvent?: (event: ProgressEvent) => void,
  ): Promise<Told<T>> {
    let text = "";
    const steps: string[] = [];
    const details = new Map<string, string>();
    const context: Omit<FollowContext, "signal"> = {
      stdout: (part) => (text += part),
      stderr: () => {},
      report: (event) => {
        if (event.kind === "step-started") steps.push(event.step);
        if (event.kind === "step-done") details.set(event.step, event.detail ?? "");
        onEvent?.(event);
      },
      output: "json",
      isQuiet: false,
      isTerminal: false,
      patience: PATIENCE,
    };
    const exitCode = await this.#during(what, async (signal) => command({ ...context, signal }));
    assert.notEqual(text, "", `${what}: the command said nothing`);
    return { exitCode, document: JSON.parse(text) as T, steps, details }; // its own document
  }
}

/** What the machine is called in documents. */
const UPDATED = "updated";

/** Written at the first boot, read after every part. */
const DATA = "what a database would have written";

/** Parts of one test that go on from one another. */
export function createParts(t: TestContext, { vm }: UpdatingMachine) {
  let isBroken = false;
  return {
    /** After one that failed the others would only fail for its reasons. */
    part: async (name: string, work: () => Promise<void>): Promise<void> => {
      await t.test(name, { skip: isBroken && "an earlier part failed" }, async () => {
        isBroken = true;
        await work();
        assert.equal(await vm.tell("cat /var/lib/test-data"), DATA, "data in /var");
        isBroken = false;
      });
    },
    /** So that the whole test knows of it, too, and keeps the console. */
    verify: () => assert.ok(!isBroken, "a part failed"),
  };
}

/** Of the gates that stop an update that is asked for. */
export function namesInTheWay({ gates }: UpdateResult): string[] {
  return gates.filter(isInTheWay).map(({ name }) => name);
}

export function findQuarantined({ quarantined }: UpdateStateDocument, version: string) {
  const found = quarantined.find((release) => release.version === version);
  assert.ok(
    found,
    `${version} is not in quarantine, but ${quarantined.map((other) => other.version).join()}`,
  );
  return found;
}
