import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import type { UpdateFacts } from "#boot/updateFacts.ts";
import { derivePhase, type UpdatePhase } from "#boot/updatePhase.ts";
import { SocleError } from "#progress/socleError.ts";
import {
  Phase,
  UpdateOutcome,
  type StepProgressSchema,
  type UpdateEvent,
  type UpdateFinishedSchema,
  type UpdateOperationSchema,
} from "#protocol/gen/socle/v1/update_pb.ts";

import type { Log } from "../log.ts";
import { toPhase, toOtherVersion } from "./toUpdateState.ts";
import type { UpdateEvents } from "./updateEvents.ts";
import { UpdaterError } from "./updaterError.ts";

export type Finished = MessageInitShape<typeof UpdateFinishedSchema>;
export type Progress = Omit<MessageInitShape<typeof StepProgressSchema>, "$typeName" | "kind">;

export interface OperationStart {
  readonly id: string;
  readonly kind: "apply" | "rollback";
  readonly version: string;
  readonly caller: string;
  readonly since: Date;
}

/** What an operation may tell while it works. */
export interface OperationReport {
  readonly signal: AbortSignal;
  step(kind: string, says: string): void;
  progress(progress: Progress): void;
  /** Tells of a transition if the machine is in another phase than it was. */
  phase(facts: UpdateFacts): void;
}

/** What an operation does; `prepare` and `end` frame what must be known if the process dies in between. */
export interface Operation {
  readonly prepare: () => Promise<void>;
  readonly work: (report: OperationReport) => Promise<Finished>;
  readonly end: () => Promise<void>;
}

interface Running {
  readonly start: OperationStart;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

const PROGRESS_EVERY_MS = 250;

/** What changes the machine: one at a time, whoever watches it or does not. */
export class Operations {
  readonly #events: UpdateEvents;
  readonly #log: Log;
  #running: Running | undefined;
  #phase: UpdatePhase | undefined;
  #isStopping = false;

  constructor(events: UpdateEvents, log: Log) {
    this.#events = events;
    this.#log = log;
  }

  get running(): MessageInitShape<typeof UpdateOperationSchema> | undefined {
    return this.#running && toMessage(this.#running.start);
  }

  /** Throws when one runs. The work is under way when this returns, and ends in `finished` whatever happens to it. */
  async begin(start: OperationStart, operation: Operation): Promise<void> {
    if (this.#running !== undefined) throw busy(this.#running.start);
    const abort = new AbortController();
    const ended = this.#perform(start, abort.signal, operation);
    this.#running = { start, abort, ended };
  }

  /** Its events up to the one that says how it ended, from those of all. */
  async *watch(id: string, events: AsyncIterable<UpdateEvent>): AsyncGenerator<UpdateEvent> {
    for await (const event of events) {
      if (event.operationId !== id) continue;
      yield event;
      if (event.event.case === "finished") return;
    }
  }

  cancel(): boolean {
    this.#running?.abort.abort(new DOMException("it was cancelled", "AbortError"));
    return this.#running !== undefined;
  }

  /** The process ends: what runs is stopped where it is, without an end of its own, to be taken up again. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.cancel();
    await this.#running?.ended;
  }

  async idle(): Promise<void> {
    await this.#running?.ended;
  }

  async #perform(
    start: OperationStart,
    signal: AbortSignal,
    { prepare, work, end }: Operation,
  ): Promise<void> {
    this.#log("info", "operation began", { ...start });
    this.#events.publish({ case: "started", value: toMessage(start) }, start.id);
    let finished: Finished;
    try {
      await prepare();
      finished = await work(this.#toReport(start, signal));
    } catch (error) {
      finished = signal.aborted ? { outcome: UpdateOutcome.CANCELLED } : this.#toFailed(error);
    }
    if (this.#isStopping && finished.outcome === UpdateOutcome.CANCELLED) {
      this.#log("info", "operation stops with the updater, and will be taken up again", { id: start.id });
      this.#running = undefined;
      return;
    }
    await end().catch((error: unknown) =>
      this.#log("error", "the end of an operation was not kept", { error }),
    );
    this.#running = undefined;
    const {
      outcome = UpdateOutcome.UNSPECIFIED,
      version = start.version,
      code,
      message,
      gates = [],
    } = finished;
    const closed = gates.map(({ name }) => name);
    this.#log(outcome === UpdateOutcome.FAILED ? "error" : "info", "operation ended", {
      id: start.id,
      outcome: toName(outcome),
      version,
      ...(code ? { code, reason: message } : {}),
      ...(closed.length > 0 ? { closed } : {}),
    });
    this.#events.publish({ case: "finished", value: finished }, start.id);
  }

  #toFailed(error: unknown): Finished {
    this.#log("error", "operation failed", { error });
    const told =
      error instanceof SocleError
        ? error
        : new UpdaterError("update-failed", "The update stopped with an error that was not expected", {
            hint: "The machine boots what it booted before. Its log says what happened.",
          });
    return {
      outcome: UpdateOutcome.FAILED,
      code: told.code,
      message: told.message,
      hint: told.hint ?? "",
    };
  }

  #toReport({ id }: OperationStart, signal: AbortSignal): OperationReport {
    let kind = "";
    let toldMs = 0;
    return {
      signal,
      step: (next, says) => {
        kind = next;
        toldMs = 0;
        this.#log("info", "step", { id, kind, says });
        this.#events.publish({ case: "step", value: { kind, says } }, id);
      },
      progress: (progress) => {
        const isAll = progress.doneBytes === progress.totalBytes;
        if (!isAll && performance.now() - toldMs < PROGRESS_EVERY_MS) return;
        toldMs = performance.now();
        this.#events.publish({ case: "progress", value: { kind, ...progress } }, id);
      },
      phase: (facts) => this.notePhase(facts, id),
    };
  }

  notePhase(facts: UpdateFacts, id = ""): void {
    const [from, to] = [this.#phase, derivePhase(facts)];
    if (from?.phase === to.phase) return;
    this.#phase = to;
    const otherVersion = toOtherVersion(to);
    this.#log("info", "phase", { id, from: from?.phase, to: to.phase, otherVersion });
    const value = {
      from: from === undefined ? Phase.UNSPECIFIED : toPhase(from),
      to: toPhase(to),
      otherVersion,
    };
    this.#events.publish({ case: "phase", value }, id);
  }
}

function toName(outcome: UpdateOutcome): string {
  return Object.entries(UpdateOutcome).find(([, value]) => value === outcome)?.[0] ?? "";
}

function busy({ kind, version, caller }: OperationStart): UpdaterError {
  const what = version === "" ? kind : `${kind} of ${version}`;
  return new UpdaterError("update-running", `Cannot begin: ${what} runs already, asked for by ${caller}`, {
    hint: "Watch it, or cancel it first.",
  });
}

function toMessage({ since, ...others }: OperationStart): MessageInitShape<typeof UpdateOperationSchema> {
  return { ...others, since: timestampFromDate(since) };
}
