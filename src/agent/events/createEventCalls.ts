import { timestampNow } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";

import { EventSchema, type Event } from "#protocol/gen/socle/v1/events_pb.ts";
import { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";
import type { UpdateEvent } from "#protocol/gen/socle/v1/update_pb.ts";

import type { PrivilegedCalls } from "../updater/startUpdater.ts";
import { toUpdateConnectError } from "../updater/toUpdateConnectError.ts";
import type { EventHub } from "./eventHub.ts";

export interface EventCallOptions {
  readonly events: EventHub;
  /** Of the operation that runs. */
  readonly listPast: () => readonly UpdateEvent[];
}

/** What happens in the privileged process, for the agent, which adds its own: watchEvents.ts. */
export function createEventCalls({ events, listPast }: EventCallOptions): PrivilegedCalls {
  return {
    register: (router) =>
      router.service(ObserveService, {
        watchEvents: async function* (_request, { signal }) {
          const ending = new AbortController();
          try {
            const queue = events.open(AbortSignal.any([signal, ending.signal]), listPast().map(toEvent));
            for await (const event of queue.read()) yield { event };
          } catch (error) {
            throw toUpdateConnectError(error);
          } finally {
            ending.abort();
          }
        },
      }),
    end: (reason) => events.close(reason),
  };
}

export function toEvent(event: UpdateEvent): Event {
  const { at = timestampNow() } = event;
  return create(EventSchema, { at, event: { case: "update", value: event } });
}
