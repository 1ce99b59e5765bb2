import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { test } from "node:test";

import { createCertificateAuthority } from "#trust/certificates.ts";
import { createRevocationList } from "#trust/createRevocationList.ts";

import { toGenerationPath } from "./readGenerations.ts";
import { Configurator, type ApplyStep, type ConfigurationRequest } from "./configurator.ts";
import {
  BOOT,
  MemoryConfigurationMachine,
  toDocument,
  type Mishap,
} from "./memoryConfigurationMachine.fixture.ts";

const CONTRACT = {
  units: [],
  mayFail: [],
  probes: [],
  freeSpace: [],
  soakMs: 0,
  timeoutMs: 0,
};
const NOW = new Date("2026-03-01T12:00:00.000Z");

interface World {
  readonly machine: MemoryConfigurationMachine;
  readonly faults: string[];
  readonly lines: string[];
  /** What whoever watches was told. */
  readonly told: string[];
  readonly clock: { now: Date };
  /** How often somebody keeps the process from ending. */
  readonly held: { count: number };
}

function createWorld(etc?: string): World {
  const machine = new MemoryConfigurationMachine(etc);
  return { machine, faults: [], lines: [], told: [], clock: { now: NOW }, held: { count: 0 } };
}

/** A process of its own, whatever became of the one before. */
async function startProcess({ machine, faults, lines, told, clock, held }: World) {
  held.count = 0;
  const configurator = new Configurator({
    machine,
    judge: { look: async () => ({ contract: CONTRACT, faults: [] }), findFaults: async () => faults },
    clock: () => clock.now,
    log: (level, message) => void lines.push(`${level}: ${message}`),
    publish: ({ value }) => {
      const { generation, state, who } = value as { generation: number; state: string; who: string };
      told.push(`${generation} ${state} ${who}`.trim());
    },
  });
  const stopping = new AbortController();
  const hold = () => {
    held.count += 1;
    return () => void (held.count -= 1);
  };
  await configurator.start(hold, stopping.signal);
  return { configurator, stop: () => stopping.abort() };
}

async function collect(steps: AsyncIterable<ApplyStep>): Promise<ApplyStep[]> {
  const all: ApplyStep[] = [];
  for await (const step of steps) all.push(step);
  return all;
}

test("a list of revoked certificates of another authority is refused before anything is changed", async () => {
  const world = createWorld();
  const { configurator } = await startProcess(world);
  const [own, other] = await Promise.all(
    ["own", "other"].map((name) => createCertificateAuthority(name, { now: NOW, days: 1 })),
  );
  const revocations = await createRevocationList(other!, {
    revoked: [],
    number: 1,
    now: NOW,
    nextUpdate: NOW,
  });
  const document = JSON.stringify({
    apiVersion: "socle/v1",
    kind: "MachineConfiguration",
    access: { authorities: [own?.cert], revocations },
  });
  const steps = await collect(await configurator.apply(ask("edge-01", { aim: { document } })));
  assert.equal(toWords(steps), "refused");
  assert.equal(steps[0]?.problems?.[0]?.path, "access");
  assert.deepEqual(await configurator.list(), []);
});

const ask = (hostname: string, more: Partial<ConfigurationRequest> = {}): ConfigurationRequest => ({
  aim: { document: toDocument(hostname) },
  who: "bob",
  reason: "move",
  trialSeconds: 0,
  ...more,
});

async function statesOf(configurator: Configurator): Promise<string[]> {
  return (await configurator.list()).map(({ number, state }) => `${number} ${state}`);
}

const toWords = (steps: readonly ApplyStep[]) => steps.map(({ state }) => state).join(" ");

test("a document is put in force: all of it, with its units, and the one before is the previous one", async () => {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  const { configurator } = await startProcess(world);
  const steps = await collect(await configurator.apply(ask("b")));
  assert.equal(toWords(steps), "validated written applied healthy done");
  assert.equal(steps.at(-1)?.generation, 2);
  assert.deepEqual(world.machine.changes, [
    "write 2.json",
    "reload configuration",
    "restart systemd-hostnamed.service",
    "write 2.json",
    "write 1.json",
  ]);
  assert.equal(world.machine.followed, "b");
  assert.deepEqual(await statesOf(configurator), ["1 previous", "2 current"]);
  const [, second] = await configurator.list();
  assert.deepEqual(
    [second?.who, second?.reason, second?.at, second?.healthyOn],
    ["bob", "move", NOW, ["1.0"]],
  );
  assert.equal(world.held.count, 0);
});

test("a document that is not right changes nothing, and has no number", async () => {
  const world = createWorld();
  const { configurator } = await startProcess(world);
  for (const document of [toDocument("-"), "{", "a: [", "text", "[]"]) {
    const steps = await collect(await configurator.apply(ask("", { aim: { document } })));
    assert.equal(toWords(steps), "refused", document);
    assert.ok((steps[0]?.problems?.length ?? 0) > 0);
  }
  assert.deepEqual(world.machine.changes, []);
});

test("YAML is taken as JSON, and JSON to the byte", async () => {
  const world = createWorld();
  const { configurator } = await startProcess(world);
  const yaml = "apiVersion: socle/v1\nkind: MachineConfiguration\nhostname: y\n";
  await collect(await configurator.apply(ask("", { aim: { document: yaml } })));
  const spaced = JSON.stringify(JSON.parse(toDocument("z")), null, 3);
  await collect(await configurator.apply(ask("", { aim: { document: spaced } })));
  const documents = (await configurator.list()).map(({ document }) => document);
  assert.deepEqual([JSON.parse(documents[0] ?? ""), documents[1]], [JSON.parse(toDocument("y")), spaced]);
});

test("where nothing is rendered only access and update count, and the machine is told of them", async () => {
  const world = createWorld("overlay");
  const { configurator } = await startProcess(world);
  const refused = await collect(await configurator.apply(ask("b")));
  assert.deepEqual(
    refused.map(({ state, problems }) => [state, problems?.[0]?.path]),
    [["refused", "hostname"]],
  );
  const document = JSON.stringify({
    ...JSON.parse(toDocument("x")),
    hostname: undefined,
    update: { mode: "manual" },
  });
  const steps = await collect(await configurator.apply(ask("", { aim: { document } })));
  assert.equal(toWords(steps), "validated written applied healthy done");
  assert.deepEqual(world.machine.changes, ["write 1.json", "reload configuration", "write 1.json"]);
});

test("a machine that is not healthy with it is as it was, and the generation says why", async () => {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  const { configurator } = await startProcess(world);
  world.faults.push("probe api: connection refused");
  const steps = await collect(await configurator.apply(ask("b")));
  assert.equal(toWords(steps), "validated written applied reverted");
  assert.match(steps.at(-1)?.says ?? "", /probe api: connection refused; what was before is in force again/);
  assert.equal(world.machine.followed, "a");
  assert.deepEqual(world.machine.changes.slice(-3), [
    "write 2.json",
    "reload configuration",
    "restart systemd-hostnamed.service",
  ]);
  const [, second] = await configurator.list();
  assert.match(second?.state === "reverted" ? second.because : "", /not healthy.*connection refused/);
});

test("generations can be gone back to, and so can what the machine starts with", async () => {
  const world = createWorld();
  world.machine.credential = toDocument("c");
  await world.machine.boot();
  const { configurator } = await startProcess(world);
  await collect(await configurator.apply(ask("a")));
  await collect(await configurator.apply(ask("b")));
  await collect(await configurator.apply(ask("", { aim: { generation: 1 } })));
  assert.equal(world.machine.followed, "a");
  await collect(await configurator.apply(ask("", { aim: { generation: 0 } })));
  assert.equal(world.machine.followed, "credential");
  assert.deepEqual(await statesOf(configurator), ["1 previous", "2 previous", "3 previous", "4 current"]);
  // It need not be right: then the machine is as its image says.
  world.machine.credential = toDocument("-");
  assert.equal((await configurator.plan({ generation: 0 })).kind, "changes");
  await assert.rejects(async () => collect(await configurator.apply(ask("", { aim: { generation: 9 } }))), {
    code: "generation-unknown",
  });
  assert.equal((await configurator.plan({ generation: 2 })).kind, "changes");
});

test("one at a time", async () => {
  const world = createWorld();
  const { configurator } = await startProcess(world);
  const first = configurator.apply(ask("a"));
  await assert.rejects(configurator.apply(ask("b")), { code: "configuration-busy" });
  await collect(await first);
  assert.equal(
    toWords(await collect(await configurator.apply(ask("b")))),
    "validated written applied healthy done",
  );
});

test("it goes on when its caller goes away", async () => {
  const world = createWorld();
  const { configurator } = await startProcess(world);
  for await (const step of await configurator.apply(ask("a"))) if (step.state === "validated") break;
  while (world.held.count > 0) await setTimeout(1);
  assert.equal(world.machine.followed, "a");
});

test("a trial goes back by itself, and needs nobody for it", async () => {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  const { configurator } = await startProcess(world);
  // The clock of the machine may stand still, or be set: what counts is the time that passes.
  const steps = await collect(await configurator.apply(ask("b", { trialSeconds: 1 })));
  assert.equal(toWords(steps), "validated written applied healthy done");
  assert.equal(world.machine.followed, "b");
  assert.equal(world.held.count, 1);
  assert.deepEqual(await statesOf(configurator), ["1 current", "2 trial"]);
  await assert.rejects(configurator.apply(ask("c")), { code: "configuration-on-trial" });
  while (world.held.count > 0) await setTimeout(20);
  assert.equal(world.machine.followed, "a");
  assert.deepEqual(await statesOf(configurator), ["1 current", "2 reverted"]);
  await assert.rejects(configurator.confirm(2, "bob"), { code: "trial-unknown" });
  const [asked = "", ...others] = world.told;
  assert.match(asked, /^0 validated \w+$/);
  const who = asked.slice("0 validated ".length);
  assert.deepEqual(others, [
    `2 written ${who}`,
    `2 applied ${who}`,
    `2 healthy ${who}`,
    `2 done ${who}`,
    "2 reverted", // by nobody
  ]);
});

test("a trial that is confirmed stays", async () => {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  const { configurator } = await startProcess(world);
  await collect(await configurator.apply(ask("b", { trialSeconds: 60 })));
  await assert.rejects(configurator.confirm(1, "bob"), { code: "trial-unknown" });
  await configurator.confirm(2, "bob");
  assert.equal(world.held.count, 0);
  assert.deepEqual(await statesOf(configurator), ["1 previous", "2 current"]);
  assert.equal(world.told.at(-1), "2 confirmed bob");
});

test("a trial is taken back by asking for what counts without it", async () => {
  const world = createWorld();
  const { configurator } = await startProcess(world);
  await collect(await configurator.apply(ask("b", { trialSeconds: 60 })));
  const steps = await collect(await configurator.apply(ask("", { aim: { generation: 0 } })));
  assert.equal(toWords(steps), "reverted");
  assert.deepEqual([world.machine.followed, await statesOf(configurator)], ["none", ["1 reverted"]]);
  assert.equal(world.held.count, 0);
});

test("a killed process takes a trial up again; one whose time was over meanwhile goes back at once", async () => {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  const before = await startProcess(world);
  await collect(await before.configurator.apply(ask("b", { trialSeconds: 60 })));
  before.stop();
  const { configurator, stop } = await startProcess(world);
  assert.equal(world.held.count, 1);
  assert.deepEqual([world.machine.followed, await statesOf(configurator)], ["b", ["1 current", "2 trial"]]);
  stop();
  world.clock.now = new Date(NOW.getTime() + 61_000);
  const after = await startProcess(world);
  assert.deepEqual(
    [world.machine.followed, await statesOf(after.configurator)],
    ["a", ["1 current", "2 reverted"]],
  );
  assert.equal(world.held.count, 0);
});

test("a trial does not outlive its boot", async () => {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  const before = await startProcess(world);
  await collect(await before.configurator.apply(ask("b", { trialSeconds: 60 })));
  before.stop();
  world.machine.restart("22222222-2222-4222-8222-222222222222");
  await world.machine.boot();
  assert.equal(world.machine.followed, "a");
  const { configurator } = await startProcess(world);
  const second = (await configurator.list())[1];
  assert.match(second?.state === "reverted" ? second.because : "", /restarted before it was confirmed/);
  assert.deepEqual(world.machine.changes, ["write 2.json"]);
});

/** Each change that an apply makes, and one more. */
async function countChanges(): Promise<number> {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  const { configurator } = await startProcess(world);
  await collect(await configurator.apply(ask("b")));
  return world.machine.changes.length;
}

async function applyWith(mishap: Mishap, faults: readonly string[] = []) {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  world.faults.push(...faults);
  const { configurator } = await startProcess(world);
  world.machine.mishap = mishap;
  const applying = configurator.apply(ask("b")).then(collect);
  return { world, configurator, applying };
}

/** Well, or since it was killed. */
async function untilItEnds({ machine, held }: World): Promise<void> {
  do await setTimeout(0);
  while (!machine.isKilled && held.count > 0);
}

/** Whatever happened: one generation is current, none is on trial, and the machine follows what counts. */
async function assertSettled({ machine }: World, configurator: Configurator): Promise<void> {
  const generations = await configurator.list();
  const current = generations.filter(({ state }) => state === "current");
  assert.equal(current.length, 1, JSON.stringify(await statesOf(configurator)));
  assert.ok(generations.every(({ state }) => state !== "trial"));
  const { hostname } = JSON.parse(current[0]?.document ?? "{}") as { hostname: string };
  assert.equal(machine.followed, hostname);
}

test("killed before or after any of its changes, the next process finds one whole configuration", async () => {
  const seen = new Set<string>();
  for (const faults of [[], ["probe api: down"]]) {
    for (let at = 1; at <= (await countChanges()) + 1; at++) {
      for (const kind of ["killed before", "killed after"] as const) {
        const { world } = await applyWith({ at, kind }, faults);
        await untilItEnds(world);
        world.machine.revive();
        world.faults.length = 0;
        const { configurator } = await startProcess(world);
        await assertSettled(world, configurator);
        seen.add(world.machine.followed);
        // And so does the next boot, should nobody have settled anything.
        const cut = await applyWith({ at, kind }, faults);
        await untilItEnds(cut.world);
        cut.world.faults.length = 0;
        cut.world.machine.restart("22222222-2222-4222-8222-222222222222");
        await cut.world.machine.boot();
        const next = await startProcess(cut.world);
        await assertSettled(cut.world, next.configurator);
        assert.equal(
          toWords(await collect(await next.configurator.apply(ask("c"))))
            .split(" ")
            .at(-1),
          "done",
        );
      }
    }
  }
  assert.deepEqual([...seen].toSorted(), ["a", "b"]);
});

test("whichever of its changes fails, the machine follows what counts", async () => {
  const ends: string[] = [];
  for (let at = 1; at <= (await countChanges()); at++) {
    const { world, configurator, applying } = await applyWith({ at, kind: "fails" });
    const end = await applying.then(
      (steps) => steps.at(-1)?.state ?? "",
      (error: unknown) => (error as { code: string }).code,
    );
    ends.push(`${world.machine.changes[at - 1]}: ${end}, follows ${world.machine.followed}`);
    const next = await startProcess(world);
    await assertSettled(world, next.configurator);
    assert.equal((await configurator.list()).length >= 1, true);
  }
  assert.deepEqual(ends, [
    "write 2.json: configuration-not-stored, follows a",
    "reload configuration: reverted, follows a",
    // Whether that matters, the health contract says.
    "restart systemd-hostnamed.service: done, follows b",
    "write 2.json: reverted, follows a",
    "write 1.json: done, follows b",
  ]);
});

test("a disk that does not take that it failed loses the generation, not the way back", async () => {
  const { world, configurator, applying } = await applyWith({ at: 4, kind: "fails" }, ["probe api: down"]);
  assert.equal((await applying).at(-1)?.state, "reverted");
  assert.deepEqual([world.machine.followed, await statesOf(configurator)], ["a", ["1 current"]]);
});

test("a number is not given twice, be its record damaged", async () => {
  const world = createWorld();
  await world.machine.give(1, toDocument("a"));
  world.machine.files.set(toGenerationPath(5), "{");
  const { configurator } = await startProcess(world);
  await collect(await configurator.apply(ask("b")));
  assert.deepEqual(await statesOf(configurator), ["1 previous", "6 current"]);
  assert.ok(world.lines.some((line) => line.includes('5.json" cannot be used')));
  assert.equal(world.machine.files.get("/proc/sys/kernel/random/boot_id")?.trim(), BOOT);
});
