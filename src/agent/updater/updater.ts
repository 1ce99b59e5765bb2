import { setTimeout } from "node:timers/promises";

import { nextAutomaticAt, planAutomatic } from "#boot/policy/planAutomatic.ts";
import { findGoodRunningEntry, findRunningEntries } from "#boot/updateFacts.ts";
import type { UpdateEvent } from "#protocol/gen/socle/v1/update_pb.ts";

import type { Log } from "../log.ts";
import { applyRelease } from "./applyRelease.ts";
import { Operations, type OperationReport } from "./operations.ts";
import { rollBack } from "./rollBack.ts";
import { settleMachine } from "./settleMachine.ts";
import { UpdateEvents } from "./updateEvents.ts";
import {
  encodeUpdateRequest,
  parseUpdateRequest,
  type KeptRequest,
  type UpdateRequest,
} from "./updateRequest.ts";
import { UpdateLook, type UpdateAim, type UpdateLookOptions } from "./updateSituation.ts";

export interface UpdaterOptions extends UpdateLookOptions {
  readonly request: KeptRequest;
  readonly newId: () => string;
  /** How often it looks whether a boot that is on trial was found good. */
  readonly verdictEveryMs: number;
  readonly log: Log;
  /** Told of every event of an update. */
  readonly tell?: (event: UpdateEvent) => void;
}

/** Who asks when nobody does. */
const POLICY_CALLER = "policy";
const BY_ITSELF: UpdateAim = { allowDowngrade: false, retryFailed: false };

/** What the updater does, whoever has asked for it. */
export class Updater {
  readonly look: UpdateLook;
  readonly events: UpdateEvents;
  readonly operations: Operations;
  readonly #options: UpdaterOptions;
  #settling: Promise<void> | undefined;

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.look = new UpdateLook(options);
    this.events = new UpdateEvents(options.clock, options.tell);
    this.operations = new Operations(this.events, options.log);
  }

  /** After every start: puts in order what the boot has shown, goes on with what was cut, and does what the policy says. */
  async start(signal: AbortSignal): Promise<void> {
    await this.settle();
    const kept = parseUpdateRequest(await this.#options.request.read());
    if (kept !== undefined && this.operations.running === undefined) {
      this.#options.log("info", "takes up what was asked for before it ended", {
        id: kept.id,
        kind: kept.kind,
      });
      await this.#begin(kept);
    }
    await this.operations.idle();
    await this.#waitForVerdict(signal);
    await this.actOnPolicy(signal);
  }

  /** While the boot is on trial there is nothing to do but to see how it ends. */
  async #waitForVerdict(signal: AbortSignal): Promise<void> {
    while (await this.#isOnTrial()) {
      await setTimeout(this.#options.verdictEveryMs, undefined, { signal });
      await this.settle();
    }
  }

  /** One without a boot entry has no trial: nobody will ever find it good. */
  async #isOnTrial(): Promise<boolean> {
    const facts = await this.look.readFacts();
    this.operations.notePhase(facts);
    return findGoodRunningEntry(facts) === undefined && findRunningEntries(facts).length > 0;
  }

  /** One at a time; a machine that cannot be settled can still be looked at. */
  async settle(): Promise<void> {
    this.#settling ??= settleMachine(this.look, this.#options.clock, this.#options.log)
      .catch((error: unknown) =>
        this.#options.log("warning", "the machine could not be put in order", { error }),
      )
      .finally(() => (this.#settling = undefined));
    await this.#settling;
  }

  /** What is being put in order now: until it is, a release that has just failed is not in quarantine. */
  async settled(): Promise<void> {
    await this.#settling;
  }

  async actOnPolicy(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const policy = await this.look.readPolicy();
    if (policy.mode === "manual" || policy.repository === undefined) return;
    const situation = await this.look.readSituation(BY_ITSELF, signal);
    const plan = planAutomatic(situation.gateFacts, this.operations.running !== undefined);
    if (plan.kind === "nothing") {
      const closed = "gates" in plan ? plan.gates.map(({ name, says }) => `${name}: ${says}`) : [];
      log("info", "nothing to do by itself", { because: plan.because, closed, next: nextAutomaticAt(plan) });
      return;
    }
    await this.#begin({
      ...this.#toStart(POLICY_CALLER),
      kind: "apply",
      aim: BY_ITSELF,
      asks: "machine",
      reboot: plan.kind !== "stage",
    });
  }

  /** Throws when another operation runs. */
  async apply(
    aim: UpdateAim,
    reboot: boolean,
    caller: string,
    signal: AbortSignal,
  ): Promise<AsyncIterable<UpdateEvent>> {
    await this.settle();
    return this.#beginWatched(
      { ...this.#toStart(caller), kind: "apply", aim, asks: "person", reboot },
      signal,
    );
  }

  async rollBack(reboot: boolean, caller: string, signal: AbortSignal): Promise<AsyncIterable<UpdateEvent>> {
    await this.settle();
    return this.#beginWatched({ ...this.#toStart(caller), kind: "rollback", reboot }, signal);
  }

  async #beginWatched(request: UpdateRequest, signal: AbortSignal): Promise<AsyncIterable<UpdateEvent>> {
    // Before it begins, or its first events would be missed.
    const events = this.events.subscribe(signal);
    await this.#begin(request);
    return this.operations.watch(request.id, events);
  }

  async #begin(request: UpdateRequest): Promise<void> {
    const { id, kind, caller, since } = request;
    const version = request.kind === "apply" ? (request.aim.version ?? "") : (request.goal?.version ?? "");
    await this.operations.begin(
      { id, kind, version, caller, since: new Date(since) },
      {
        prepare: async () => this.#keep(request),
        work: async (report) => this.#perform(request, report),
        end: async () => this.#options.request.remove(),
      },
    );
  }

  async #perform(request: UpdateRequest, report: OperationReport) {
    return request.kind === "apply"
      ? applyRelease(this.look, request, report)
      : rollBack(this.look, request, report, async (chosen) => this.#keep(chosen));
  }

  async #keep(request: UpdateRequest): Promise<void> {
    await this.#options.request.write(encodeUpdateRequest(request));
  }

  #toStart(caller: string) {
    return { id: this.#options.newId(), caller, since: this.#options.clock().toISOString() };
  }
}
