import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import fc from "fast-check";

import { EventSchema, type Event } from "#protocol/gen/socle/v1/events_pb.ts";

import type { EventContent } from "./eventHub.ts";
import { EventQueue, QUEUE_MOST } from "./eventQueue.ts";

const toEvent = (event: EventContent): Event => create(EventSchema, { event });
const toUnit = (number: number) =>
  toEvent({ case: "unit", value: { name: String(number), state: "failed" } });
const toProgress = (doneBytes: bigint) =>
  toEvent({
    case: "update",
    value: { event: { case: "progress", value: { kind: "write-slot", doneBytes, totalBytes: 9n } } },
  });

/** What waits in it now, to its end. */
async function drain(queue: EventQueue): Promise<Event[]> {
  queue.close();
  const events: Event[] = [];
  for await (const event of queue.read()) events.push(event);
  return events;
}

test("whatever a reader's pace, each event is read in its place or counted as missed there", async () => {
  const paces = fc.array(fc.record({ told: fc.nat({ max: 1500 }), read: fc.nat({ max: 1500 }) }), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(paces, async (steps) => {
      const queue = new EventQueue();
      const reader = queue.read();
      let told = 0;
      let next = 0;
      const take = ({ event }: Event) => {
        if (event.case === "missed") next += event.value.count;
        else assert.equal(event.case === "unit" && Number(event.value.name), next++);
      };
      for (const step of steps) {
        for (let count = 0; count < step.told; count++) queue.push(toUnit(told++));
        for (let count = 0; count < step.read && next < told; count++) {
          const { value } = (await reader.next()) as { value: Event };
          take(value);
        }
      }
      queue.close();
      for await (const event of reader) take(event);
      assert.equal(next, told, "nothing is lost without a word");
    }),
    { numRuns: 30 },
  );
});

test("a reader that stopped costs no more memory than a full queue", async () => {
  const queue = new EventQueue();
  for (let number = 0; number < QUEUE_MOST + 70; number++) queue.push(toUnit(number));
  // What another process could not tell in time either.
  queue.push(toEvent({ case: "missed", value: { count: 5 } }));
  const events = await drain(queue);
  assert.equal(events.length, QUEUE_MOST + 1);
  const last = events.at(-1)?.event;
  assert.equal(last?.case === "missed" && last.value.count, 75);
});

test("of reports of progress in a row the last one is told, and none is missed", async () => {
  const queue = new EventQueue();
  queue.push(toUnit(1));
  for (let done = 0n; done < 2000n; done++) queue.push(toProgress(done));
  queue.push(toUnit(2));
  const events = await drain(queue);
  assert.deepEqual(
    events.map(({ event }) => event.case),
    ["unit", "update", "unit"],
  );
  assert.deepEqual(events[1], toProgress(1999n));
});

test("what was told before the end is read before the reason for it", async () => {
  const queue = new EventQueue([toUnit(1)]);
  queue.push(toUnit(2));
  queue.close(new Error("the updater ends"));
  queue.close();
  queue.push(toUnit(3));
  const reader = queue.read();
  assert.deepEqual([(await reader.next()).value, (await reader.next()).value], [toUnit(1), toUnit(2)]);
  await assert.rejects(reader.next(), /the updater ends/);
});
