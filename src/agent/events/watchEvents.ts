import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";

import type { Event } from "#protocol/gen/socle/v1/events_pb.ts";
import {
  WatchEventsResponseSchema,
  type ObserveService,
  type WatchEventsRequest,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import type { EventContent, EventHub } from "./eventHub.ts";

export interface EventSources {
  /** What happens in the agent. */
  readonly own: EventHub;
  /** What happens in the privileged process. */
  readonly watchPrivileged: ServiceImpl<typeof ObserveService>["watchEvents"];
  readonly watchUnits: (signal: AbortSignal) => AsyncIterable<EventContent>;
}

/**
 * Everything that changes, from where it happens, in the order in which it comes here. Where one of the sources ends, all of
 * it does: a watcher must not take silence for calm.
 */
export async function* watchEvents(
  { own, watchPrivileged, watchUnits }: EventSources,
  request: WatchEventsRequest,
  context: HandlerContext,
): AsyncGenerator<{ event: Event }> {
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  const queue = own.open(signal);
  const pass = async (source: AsyncIterable<Event>) => {
    try {
      for await (const event of source) queue.push(event);
      queue.close();
    } catch (error) {
      queue.close(error instanceof Error ? error : new Error(String(error)));
    }
  };
  try {
    void pass(toEvents(watchPrivileged(request, { ...context, signal })));
    void pass(stamp(own, watchUnits(signal)));
    for await (const event of queue.read()) yield { event };
  } finally {
    ending.abort();
  }
}

async function* toEvents(responses: ReturnType<EventSources["watchPrivileged"]>): AsyncGenerator<Event> {
  for await (const response of responses) {
    const { event } = create(WatchEventsResponseSchema, response);
    if (event !== undefined) yield event;
  }
}

async function* stamp(hub: EventHub, contents: AsyncIterable<EventContent>): AsyncGenerator<Event> {
  for await (const content of contents) yield hub.toEvent(content);
}
