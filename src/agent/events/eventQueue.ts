import { create } from "@bufbuild/protobuf";

import { EventSchema, type Event } from "#protocol/gen/socle/v1/events_pb.ts";

/** So many wait for a reader; of those that come while it is full, it is told how many they were. */
export const QUEUE_MOST = 1000;

/** Between those who tell of events, and must not wait, and one reader, who may be slow. */
export class EventQueue {
  readonly #events: Event[];
  #end: { readonly reason: Error | undefined } | undefined;
  #wake: () => void = () => undefined;

  constructor(past: readonly Event[] = []) {
    this.#events = [...past];
  }

  push(event: Event): void {
    if (this.#end !== undefined) return;
    const last = this.#events.at(-1);
    // Of two reports of progress in a row the later one says it all.
    if (isProgress(event) && isProgress(last)) this.#events.splice(-1, 1, event);
    else if (this.#events.length < QUEUE_MOST) this.#events.push(event);
    else if (last?.event.case === "missed") this.#events.splice(-1, 1, toMissed(event, countOf(last)));
    else this.#events.push(toMissed(event, 0));
    this.#wake();
  }

  /** What waits is read yet, and then the reason is thrown, if there is one. The first call counts. */
  close(reason?: Error): void {
    this.#end ??= { reason };
    this.#wake();
  }

  async *read(): AsyncGenerator<Event> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#end?.reason !== undefined) throw this.#end.reason;
      else if (this.#end !== undefined) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function toMissed(event: Event, before: number): Event {
  const { at } = event;
  const count = before + Math.max(1, countOf(event));
  return create(EventSchema, { ...(at && { at }), event: { case: "missed", value: { count } } });
}

function countOf({ event }: Event): number {
  return event.case === "missed" ? event.value.count : 0;
}

function isProgress(event: Event | undefined): boolean {
  return event?.event.case === "update" && event.event.value.event.case === "progress";
}
