import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { makeTestRelease } from "#boot/updateRelease.fixture.ts";
import { callMachine, MachineRefusal } from "#cli/callMachine.ts";
import type { Event } from "#protocol/gen/socle/v1/events_pb.ts";
import { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";
import type { MemoryRepository } from "#trust/memoryRepository.fixture.ts";

import {
  createRecordedMachine,
  silence,
  startObservedAgent,
  type ObservedAgent,
} from "../observe/observedAgent.fixture.ts";
import { passCalls } from "../passCalls.ts";
import { MemoryUpdaterMachine } from "../updater/memoryUpdaterMachine.fixture.ts";
import { follow, publishReleases, startTestUpdater } from "../updater/testUpdater.fixture.ts";
import type { EventContent } from "./eventHub.ts";
import { QUEUE_MOST } from "./eventQueue.ts";

const V10 = makeTestRelease("1.0.0");
const V11 = makeTestRelease("1.1.0");

async function startPrivileged(repository?: MemoryRepository) {
  const machine = new MemoryUpdaterMachine(V10, {
    slots: { A: V10 },
    entries: { "minimal_1.0.0.efi": V10 },
  });
  return startTestUpdater({ repository: repository ?? (await publishReleases([V10, V11])), machine });
}

/** The agent before a real privileged process, with units as the test says. */
function startBefore(socketPath: string, watchUnits: (signal: AbortSignal) => AsyncIterable<EventContent>) {
  const { watchEvents } = passCalls(ObserveService, socketPath);
  return startObservedAgent(createRecordedMachine(), {
    events: { watchPrivileged: watchEvents, watchUnits },
  });
}

/** Watches over mutual TLS, until the signal. */
function watch(agent: ObservedAgent, signal: AbortSignal) {
  const events: Event[] = [];
  const ended = callMachine(agent.access, { purpose: "watch", signal }, async ({ observe }, call) => {
    for await (const { event } of observe.watchEvents({}, call)) if (event !== undefined) events.push(event);
  }).catch((error: unknown) => error);
  return { events, ended };
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 500, `never: ${what}`);
    await sleep(10);
  }
}

test("a watcher is told of everything, wherever on the machine it happens", async () => {
  await using updater = await startPrivileged();
  await using agent = await startBefore(updater.socketPath, async function* (signal) {
    yield { case: "unit", value: { name: "web.service", state: "failed", result: "exit-code" } };
    yield* silence(signal);
  });
  const leaving = new AbortController();
  const { events, ended } = watch(agent, leaving.signal);
  await until("both watch", () => agent.events.watchers === 1 && updater.events.watchers === 1);
  const followed = await follow(updater.client.applyUpdate({ target: {} }));
  updater.events.publish({ case: "control", value: { action: "reboot", state: "asked", who: "alice" } });
  updater.events.publish({ case: "configuration", value: { generation: 3, state: "done" } });
  agent.events.publish({ case: "access", value: { authorities: ["sha256:00"], revoked: 2 } });
  agent.events.publish({ case: "debug", value: { id: "x", state: "begun", who: "carol" } });
  await until("all are told", () => events.some(({ event }) => event.case === "configuration"));
  await until("all are told", () => events.some(({ event }) => event.case === "debug"));

  const others = events.map(({ event }) => String(event.case)).filter((kind) => kind !== "update");
  assert.deepEqual(new Set(others), new Set(["access", "configuration", "control", "debug", "unit"]));
  const steps = events.flatMap(({ event }) =>
    event.case === "update" && event.value.event.case === "step" ? event.value.event.value.kind : [],
  );
  assert.deepEqual(steps, followed.steps, "an update is told as WatchUpdates tells it");
  assert.ok(events.every(({ at }) => at !== undefined));
  leaving.abort();
  await ended;
  await until("nobody watches", () => agent.events.watchers + updater.events.watchers === 0);
});

test("who begins to watch while an update runs is told how it came there", async () => {
  const repository = await publishReleases([V10, V11]);
  await using updater = await startPrivileged(repository);
  await using agent = await startBefore(updater.socketPath, silence);
  const root = updater.server;
  const path = [...repository.files.keys()].find((name) => /_1\.1\.0.*\.root$/.test(name)) ?? assert.fail();
  root.instead.set(path, (_request, response) => {
    response.writeHead(206, { "content-range": `bytes 0-4095/${V11.images.root.length}` });
    response.write(V11.images.root.subarray(0, 4096));
  });
  const caller = new AbortController();
  const applying = follow(updater.client.applyUpdate({ target: {} }, { signal: caller.signal })).catch(
    () => "gone",
  );
  await until("it fetches", () => root.asked.some((asked) => asked.startsWith(path)));
  const leaving = new AbortController();
  const { events, ended } = watch(agent, leaving.signal);
  await until("its beginning is told", () => events.length > 0);
  const first = events[0]?.event;
  assert.equal(first?.case === "update" && first.value.event.case, "started");
  leaving.abort();
  caller.abort();
  await Promise.all([ended, applying]);
});

test("when the privileged process ends, its watchers are told instead of left in silence", async () => {
  await using updater = await startPrivileged();
  await using agent = await startBefore(updater.socketPath, silence);
  const { events, ended } = watch(agent, AbortSignal.timeout(20_000));
  await until("both watch", () => updater.events.watchers === 1);
  updater.events.publish({ case: "control", value: { action: "reboot", state: "asked" } });
  await updater.running.close();
  const error = await ended;
  assert.ok(error instanceof MachineRefusal, String(error));
  assert.equal(error.code, "updater-unavailable");
  assert.equal(events.at(-1)?.event.case, "control");
});

test("a watcher that is too slow is told how many it missed, and the agent goes on", async () => {
  await using agent = await startObservedAgent();
  const leaving = new AbortController();
  const { events, ended } = watch(agent, leaving.signal);
  await until("it watches", () => agent.events.watchers === 1);
  // All at once: no reader can take one in between.
  for (let number = 0; number < QUEUE_MOST + 500; number++)
    agent.events.publish({ case: "debug", value: { id: String(number), state: "begun" } });
  await until("it has caught up", () => events.some(({ event }) => event.case === "missed"));
  agent.events.publish({ case: "debug", value: { id: "the next", state: "begun" } });
  await until("it is told again", () => events.length > QUEUE_MOST + 1);
  const missed = events[QUEUE_MOST]?.event;
  assert.ok(missed?.case === "missed" && missed.value.count > 0);
  assert.equal(QUEUE_MOST + missed.value.count, QUEUE_MOST + 500);
  leaving.abort();
  await ended;
});

test("a watcher is not left with the other half when one source fails", async () => {
  await using agent = await startObservedAgent(createRecordedMachine(), {
    events: {
      watchUnits: async function* () {
        yield { case: "unit", value: { name: "web.service", state: "failed" } };
        throw new Error("journalctl: /var/log/journal is damaged");
      },
    },
  });
  const { events, ended } = watch(agent, AbortSignal.timeout(20_000));
  const error = await ended;
  assert.match(String(error), /Cannot watch of .*the machine's log says why/);
  assert.deepEqual(
    events.map(({ event }) => event.case),
    ["unit"],
  );
  assert.ok(agent.log.some((line) => line.includes("/var/log/journal is damaged")));
});
