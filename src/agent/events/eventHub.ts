import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { EventSchema, type Event } from "#protocol/gen/socle/v1/events_pb.ts";

import { EventQueue } from "./eventQueue.ts";

export type EventContent = NonNullable<MessageInitShape<typeof EventSchema>["event"]>;

/** Tells everybody who watches, if anybody does; it is over at once and never fails. */
export type Publish = (event: EventContent) => void;

/** What happens in one process, for everybody who watches. */
export class EventHub {
  readonly #clock: () => Date;
  readonly #queues = new Set<EventQueue>();

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  readonly publish: Publish = (event) => {
    const message = this.toEvent(event);
    for (const queue of this.#queues) queue.push(message);
  };

  toEvent(event: EventContent): Event {
    return create(EventSchema, { at: timestampFromDate(this.#clock()), event });
  }

  get watchers(): number {
    return this.#queues.size;
  }

  /** From the call on, not from the first read, and until the signal. Others may push into it, for this watcher alone. */
  open(signal: AbortSignal, past: readonly Event[] = []): EventQueue {
    const queue = new EventQueue(past);
    const leave = () => {
      this.#queues.delete(queue);
      queue.close();
    };
    if (signal.aborted) leave();
    else {
      this.#queues.add(queue);
      signal.addEventListener("abort", leave, { once: true });
    }
    return queue;
  }

  /** Nobody is told anything more; that it is for this reason, everybody is. */
  close(reason: Error): void {
    for (const queue of this.#queues) queue.close(reason);
    this.#queues.clear();
  }
}
