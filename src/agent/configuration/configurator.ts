import type { Generation, Trial } from "#config/generation.ts";
import { awaitConfirmation, findTrialEnd, foundHealthy, startTrial } from "#config/generations.ts";
import type { ConfigurationOutcome } from "#config/judgeDocument.ts";
import type { ApplyPlan } from "#config/planApply.ts";
import type { Problem } from "#definition/problem.ts";

import { findDocument, findOrigin } from "../findDocument.ts";
import { findAccessProblems } from "../judgeAccess.ts";
import type { Publish } from "../events/eventHub.ts";
import type { Log } from "../log.ts";
import { describePlan, planAim, readAim, type ConfigurationAim } from "./configurationAim.ts";
import type { ConfigurationMachine } from "./configurationMachine.ts";
import { ConfigurationStore } from "./configurationStore.ts";
import { ConfiguratorError } from "./configuratorError.ts";
import type { ApplyJudge, HealthBefore } from "./judgeApply.ts";
import { isOutcomeOf, putInForce, readOutcome, textOf } from "./putInForce.ts";
import { readImageFacts } from "./readImageFacts.ts";
import { StepQueue } from "./stepQueue.ts";
import { TrialTimer } from "./trialTimer.ts";

export interface ConfiguratorOptions {
  readonly machine: ConfigurationMachine;
  readonly judge: ApplyJudge;
  readonly clock: () => Date;
  readonly log: Log;
  readonly publish?: Publish;
}

export interface ConfigurationRequest {
  readonly aim: ConfigurationAim;
  readonly who: string;
  /** In the caller's words. */
  readonly reason: string;
  /** Goes back by itself after so many seconds; 0: no trial. */
  readonly trialSeconds: number;
}

export interface ApplyStep {
  readonly state: "refused" | "validated" | "written" | "applied" | "healthy" | "reverted" | "done";
  /** A sentence for people. */
  readonly says: string;
  readonly generation?: number;
  readonly problems?: readonly Problem[];
}

type Tell = (step: ApplyStep) => void;
type Told = Pick<ApplyStep, "says" | "generation"> & { readonly state: ApplyStep["state"] | "confirmed" };

/**
 * Puts configurations in force, one at a time: all of one or none. Every generation begins on trial, of this boot only, and is
 * current once the machine was found healthy with it and, if that was asked for, somebody confirmed it. Whatever
 * fails, and whenever this process or the machine ends, what was current before counts; the next start puts it in force.
 */
export class Configurator {
  readonly #options: ConfiguratorOptions;
  readonly #store: ConfigurationStore;
  readonly #timer = new TrialTimer(() => this.#hold());
  readonly #started = Promise.withResolvers<void>();
  #hold: () => () => void = () => () => {};
  #isApplying = false;
  /** What changes something, one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ConfiguratorOptions) {
    this.#options = options;
    this.#store = new ConfigurationStore(options.machine, options.log);
  }

  /** Puts in order what the process before this one left, or the boot before this one. */
  async start(hold: () => () => void, signal: AbortSignal): Promise<void> {
    this.#hold = hold;
    signal.addEventListener("abort", () => this.#timer.stop(), { once: true });
    try {
      await this.#settle();
    } catch (error) {
      this.#options.log("error", "the configuration cannot be put in order", { error });
    } finally {
      this.#started.resolve();
    }
  }

  async list(): Promise<Generation[]> {
    return this.#store.list();
  }

  /** @throws {ConfiguratorError} */
  async get(number: number): Promise<Generation> {
    return this.#store.get(number);
  }

  async plan(aim: ConfigurationAim): Promise<ApplyPlan> {
    const plan = await planAim(aim, { ...this.#options, store: this.#store });
    if (plan.kind === "refused") return plan;
    const problems = await findAccessProblems(plan.configuration.access);
    return problems.length === 0 ? plan : { kind: "refused", problems };
  }

  /**
   * The work is under way when this returns, and goes on whoever listens: the change may cut the caller off.
   * @throws {ConfiguratorError} when something else is under way or waits
   */
  async apply(request: ConfigurationRequest): Promise<AsyncIterable<ApplyStep>> {
    await this.#started.promise;
    if (this.#isApplying)
      throw new ConfiguratorError("configuration-busy", "another configuration is being put in force", {
        hint: "wait until it is done: socle config history shows it",
      });
    this.#isApplying = true;
    const steps = new StepQueue<ApplyStep>();
    const finish = (error?: unknown) => {
      this.#isApplying = false;
      steps.end(error);
    };
    try {
      await this.#refuseDuringTrial(request.aim);
    } catch (error) {
      finish();
      throw error;
    }
    const tell: Tell = (step) => {
      steps.push(step);
      this.#publish(step, request.who);
    };
    void this.#inTurn(() => this.#perform(request, tell)).then(() => finish(), finish);
    return steps;
  }

  /** @throws {ConfiguratorError} when nothing of that number waits */
  async confirm(number: number, who: string): Promise<void> {
    await this.#started.promise;
    await this.#inTurn(async () => {
      const trial = await this.#findWaiting();
      if (trial?.number !== number)
        throw new ConfiguratorError("trial-unknown", `generation ${number} does not wait to be confirmed`, {
          hint: "its time may be over: socle config history says what became of it",
        });
      this.#timer.stop();
      await this.#store.makeCurrent(trial, `confirmed by ${who}`);
      this.#publish({ state: "confirmed", says: `generation ${number} is kept`, generation: number }, who);
    });
  }

  async #perform(request: ConfigurationRequest, tell: Tell): Promise<void> {
    const { aim, who, reason, trialSeconds } = request;
    const { machine, judge, clock, log } = this.#options;
    const waiting = await this.#findWaiting();
    if (waiting !== undefined) return this.#endTrial(waiting, `it was taken back by ${who}`, tell);

    const plan = await this.plan(aim);
    if (plan.kind === "refused") {
      const says = "nothing was changed: the document is not one for this machine";
      return tell({ state: "refused", says, problems: plan.problems });
    }
    tell({ state: "validated", says: describePlan(plan) });
    const [found, health, { bootId, version }] = await Promise.all([
      findDocument(machine, log),
      judge.look(),
      readImageFacts(machine),
    ]);
    const [number, document] = await Promise.all([this.#store.nextNumber(), readAim(aim, this.#store)]);
    const trial = startTrial(number, { document, who, reason, bootId }, clock());
    await this.#store.begin(trial);
    tell({ state: "written", says: `it is generation ${number}`, generation: number });

    const failed = await this.#tryOut(trial, textOf(found), health, tell);
    if (failed !== undefined) return this.#endTrial(trial, failed, tell);
    try {
      tell(await this.#keep(foundHealthy(trial, version), trialSeconds, version));
    } catch (error) {
      log("error", `that generation ${number} is kept cannot be stored`, { error });
      await this.#endTrial(trial, "it could not be stored that it is to be kept", tell);
    }
  }

  async #keep(healthy: Trial, trialSeconds: number, version: string): Promise<ApplyStep> {
    const { number } = healthy;
    if (trialSeconds === 0) {
      await this.#store.makeCurrent(healthy, `found healthy on ${version}`);
      return { state: "done", says: `generation ${number} is in force`, generation: number };
    }
    const waiting = awaitConfirmation(healthy, this.#options.clock(), trialSeconds);
    await this.#store.keepWaiting(waiting, `waits ${trialSeconds} s to be confirmed`);
    this.#wait(waiting, trialSeconds * 1000);
    const says = `generation ${number} is in force on trial: it goes back by itself in ${trialSeconds} s unless it is confirmed`;
    return { state: "done", says, generation: number };
  }

  /** Why it cannot stay; undefined when it can. */
  async #tryOut(
    { number }: Trial,
    before: string | undefined,
    health: HealthBefore,
    tell: Tell,
  ): Promise<string | undefined> {
    const { machine, judge, log } = this.#options;
    try {
      const rebootFor = await putInForce(machine, before, log);
      const says = `the machine follows it${describeReboot(rebootFor)}`;
      tell({ state: "applied", says, generation: number });
      const faults = await judge.findFaults(health);
      if (faults.length > 0) return `the machine is not healthy with it: ${faults.join("; ")}`;
      tell({ state: "healthy", says: "the machine is healthy with it", generation: number });
      return undefined;
    } catch (error) {
      log("error", `generation ${number} cannot be put in force`, { error });
      return `it could not be put in force: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async #endTrial(
    trial: Trial,
    because: string,
    tell: Tell = (step) => this.#publish(step, ""),
  ): Promise<void> {
    const { machine, log } = this.#options;
    const { number, document } = trial;
    this.#timer.stop();
    await this.#store.revert(trial, because);
    try {
      const before = document === "" ? textOf(await findOrigin(machine)) : document;
      const rebootFor = await putInForce(machine, before, log);
      const says = `${because}; what was before is in force again${describeReboot(rebootFor)}`;
      tell({ state: "reverted", says, generation: number });
    } catch (error) {
      log("error", `going back from generation ${number} has failed; it is tried again later`, { error });
      const says = `${because}; and going back has failed: the machine's log says why`;
      tell({ state: "reverted", says, generation: number });
    }
  }

  async #settle(): Promise<void> {
    const { machine, clock, log } = this.#options;
    const { bootId } = await readImageFacts(machine);
    for (const each of await this.#store.list()) {
      if (each.state !== "trial") continue;
      const end = findTrialEnd(each, clock(), bootId);
      if (end !== undefined) await this.#store.revert(each, end);
      else if (each.until !== undefined) this.#wait(each, each.until.getTime() - clock().getTime());
    }
    await this.#store.supersedeOld();
    const [outcome, found] = await Promise.all([readOutcome(machine), findDocument(machine, log)]);
    // Without one, no document was ever put in force in this boot.
    if (outcome === undefined || isOutcomeOf(outcome, found)) return;
    log("warning", "the machine does not follow the configuration that counts", {
      follows: outcome.generation,
      counts: found?.generation ?? 0,
    });
    await putInForce(machine, await this.#textOfOutcome(outcome), log);
  }

  async #textOfOutcome({ source, generation }: ConfigurationOutcome): Promise<string | undefined> {
    if (source === null) return undefined;
    if (source !== "generation") return textOf(await findOrigin(this.#options.machine));
    return (await this.#store.list()).find(({ number }) => number === generation)?.document;
  }

  #publish({ state, says, generation = 0 }: Told, who: string): void {
    this.#options.publish?.({ case: "configuration", value: { generation, state, says, who } });
  }

  /** By the time that passes: the machine's clock may be set meanwhile. */
  #wait({ number }: Trial, durationMs: number): void {
    const end = async () => {
      const waiting = await this.#findWaiting();
      if (waiting?.number === number) await this.#endTrial(waiting, "it was not confirmed in time");
    };
    this.#timer.start(durationMs, () => {
      void this.#inTurn(end).catch((error: unknown) =>
        this.#options.log("error", "the end of a trial has failed", { error }),
      );
    });
  }

  async #findWaiting(): Promise<Trial | undefined> {
    return this.#store.findWaiting((await readImageFacts(this.#options.machine)).bootId);
  }

  /** During a trial there is one thing to apply: what counts without it. */
  async #refuseDuringTrial(aim: ConfigurationAim): Promise<void> {
    const waiting = await this.#findWaiting();
    if (waiting === undefined) return;
    const current = (await this.#store.list()).findLast(({ state }) => state === "current")?.number ?? 0;
    if ("generation" in aim && aim.generation === current) return;
    throw new ConfiguratorError("configuration-on-trial", `generation ${waiting.number} is on trial`, {
      hint: `Confirm it, wait for its end, or take it back: socle config rollback ${current}`,
    });
  }

  /** Keeps the process from ending until it is done, whoever listens. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const release = this.#hold();
    const result = this.#last.then(work).finally(release);
    this.#last = result.catch(() => {});
    return result;
  }
}

function describeReboot(reasons: readonly string[]): string {
  return reasons.length === 0 ? "" : `; a restart of the machine is needed for ${reasons.join("; ")}`;
}
