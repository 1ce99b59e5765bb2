import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { UpdateEventSchema, type UpdateEvent } from "#protocol/gen/socle/v1/update_pb.ts";

export type UpdateEventContent = NonNullable<MessageInitShape<typeof UpdateEventSchema>["event"]>;

/** A reader this far behind is gone, whatever its connection says. */
const QUEUE_MOST = 1000;

/**
 * What happens, for everybody who watches. A reader that is slow loses progress, never a transition; one
 * that has stopped to read loses its place.
 */
export class UpdateEvents {
  readonly #clock: () => Date;
  readonly #queues = new Set<EventQueue>();
  /** Of the running operation, its latest progress included. */
  #past: UpdateEvent[] = [];
  #sequence = 0n;

  readonly #tell: (event: UpdateEvent) => void;

  /** @param tell is told of each, too */
  constructor(clock: () => Date, tell: (event: UpdateEvent) => void = () => {}) {
    this.#clock = clock;
    this.#tell = tell;
  }

  publish(event: UpdateEventContent, operationId = ""): void {
    this.#sequence++;
    const message = create(UpdateEventSchema, {
      sequence: this.#sequence,
      at: timestampFromDate(this.#clock()),
      operationId,
      event,
    });
    if (event.case === "started") this.#past = [];
    append(this.#past, message);
    if (event.case === "finished") this.#past = [];
    for (const queue of this.#queues) {
      queue.push(message);
      if (queue.isFull) this.#queues.delete(queue);
    }
    this.#tell(message);
  }

  /** Those of the running operation. */
  get past(): readonly UpdateEvent[] {
    return this.#past;
  }

  get readers(): number {
    return this.#queues.size;
  }

  /** Those of the running operation, and every one from now on: from the call on, not from the first read. */
  subscribe(signal: AbortSignal): AsyncIterable<UpdateEvent> {
    const queue = new EventQueue(this.#past);
    this.#queues.add(queue);
    return this.#read(queue, signal);
  }

  /** Nobody is told anything more; that it is for this reason, everybody is. */
  close(reason: Error): void {
    for (const queue of this.#queues) queue.close(reason);
  }

  async *#read(queue: EventQueue, signal: AbortSignal): AsyncGenerator<UpdateEvent> {
    const onAbort = () => queue.close();
    signal.addEventListener("abort", onAbort);
    try {
      if (signal.aborted) return;
      yield* queue.read();
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#queues.delete(queue);
    }
  }
}

class EventQueue {
  readonly #events: UpdateEvent[];
  #isClosed = false;
  #reason: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(past: readonly UpdateEvent[]) {
    this.#events = [...past];
  }

  get isFull(): boolean {
    return this.#events.length >= QUEUE_MOST;
  }

  push(event: UpdateEvent): void {
    append(this.#events, event);
    if (this.isFull) this.#isClosed = true;
    this.#wake();
  }

  close(reason?: Error): void {
    this.#isClosed = true;
    this.#reason = reason;
    this.#wake();
  }

  async *read(): AsyncGenerator<UpdateEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#reason !== undefined) throw this.#reason;
      else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Of two reports of progress in a row the later one says it all. */
function append(events: UpdateEvent[], event: UpdateEvent): void {
  const isMore = event.event.case === "progress" && events.at(-1)?.event.case === "progress";
  events.splice(isMore ? -1 : events.length, isMore ? 1 : 0, event);
}
