import assert from "node:assert/strict";
import { test } from "node:test";

import { toReferenceTime } from "#trust/referenceTime.ts";

import { makeTestFacts } from "../updateFacts.fixture.ts";
import type { GateFacts, GateName } from "./gate.ts";
import { NOW, OPEN, V1, withPolicy } from "./gateFacts.fixture.ts";
import { listAllGates, listStopping } from "./listAllGates.ts";
import { STATE_BYTES } from "./policyGates.ts";
import { toRepositoryFailure } from "./repositoryFailure.ts";
import type { UpdatePolicy } from "./updatePolicy.ts";

const NIGHT = { days: [1, 2, 3, 4, 5, 6, 7], startMinute: 120, minutes: 120, timeZone: "Europe/Paris" };
const NAMES: GateName[] = [
  ...(["channel", "network", "trust"] as const),
  ...(["system-id", "slot", "confirmed", "other-version", "downgrade", "floor", "quarantine"] as const),
  ...(["slot-size", "slot-name", "boot-folder-space"] as const),
  ...(["hold", "pin", "age", "policy", "window", "lock", "space", "way-back"] as const),
];

function policy(changes: Partial<UpdatePolicy>): GateFacts {
  return withPolicy(OPEN, changes);
}

function at(system: string): Pick<GateFacts, "time"> {
  return { time: toReferenceTime({ system: new Date(system), notBefore: new Date("2026-01-01T00:00:00Z") }) };
}

function closedNames(facts: GateFacts): string[] {
  return listAllGates(facts).flatMap(({ name, isOpen }) => (isOpen ? [] : [name]));
}

function find(facts: GateFacts, name: GateName) {
  const gate = listAllGates(facts).find((each) => each.name === name);
  assert.ok(gate);
  return gate;
}

test("every gate is there, in the order in which they are looked at, whatever is known", () => {
  const bare: GateFacts = { ...policy({}), locks: [], freeStateBytes: 0 };
  const { facts: _facts, release: _release, ...unknown } = bare;
  for (const facts of [OPEN, unknown, withPolicy(unknown, { mode: "manual" })])
    assert.deepEqual(
      listAllGates(facts).map(({ name }) => name),
      NAMES,
    );
  assert.deepEqual(closedNames(OPEN), []);
  assert.ok(
    listAllGates(OPEN).every(
      ({ lookedAt, says, opensAt }) => lookedAt && says !== "" && opensAt === undefined,
    ),
  );
});

test("each closed gate says what is in the way, what opens it and when", () => {
  const since = "2026-06-09T12:00:00Z";
  const table: [GateName, GateFacts, RegExp, string | undefined][] = [
    [
      "hold",
      policy({ hold: { reason: "trade fair" } }),
      /the configuration holds updates: trade fair/,
      undefined,
    ],
    [
      "hold",
      { ...OPEN, hold: { reason: "debugging", since } },
      /held since 2026-06-09 12:00 UTC: debugging/,
      undefined,
    ],
    [
      "hold",
      { ...OPEN, hold: { reason: "debugging", since, until: "2026-06-11T00:00:00Z" } },
      /until 2026-06-11 00:00 UTC/,
      "2026-06-11T00:00:00Z",
    ],
    ["pin", policy({ pin: "1.5" }), /2\.0\.0 is offered, 1\.5 is pinned/, undefined],
    [
      "age",
      policy({ minimumAgeSeconds: 3 * 86_400 }),
      /published at 2026-06-10 00:00 UTC, must be 3d old/,
      "2026-06-13T00:00:00Z",
    ],
    ["policy", policy({ mode: "manual" }), /"manual": the machine changes nothing by itself/, undefined],
    ["policy", policy({ mode: "download" }), /leaves the restart to somebody/, undefined],
    [
      "policy",
      policy({ mode: "manual", refused: ['update.mode is "x"'] }),
      /the configuration is refused: update\.mode is "x"/,
      undefined,
    ],
    [
      "window",
      policy({ window: { ...NIGHT, days: [6] } }),
      /^Sat 02:00–04:00 Europe\/Paris; .* from 2026-06-13 00:00 UTC/,
      "2026-06-13T00:00:00Z",
    ],
    ["lock", { ...OPEN, locks: [{ name: "backup", reason: "nightly" }] }, /backup \(nightly\)/, undefined],
    ["space", { ...OPEN, freeStateBytes: STATE_BYTES - 1 }, /are free/, undefined],
    [
      "floor",
      { ...OPEN, facts: { ...OPEN.facts!, limits: { ...OPEN.facts!.limits, floor: "3.0" } } },
      /the floor is 3\.0/,
      undefined,
    ],
  ];
  for (const [name, facts, says, opensAt] of table) {
    assert.deepEqual(closedNames(facts), [name]);
    const gate = find(facts, name);
    assert.match(gate.says, says);
    assert.deepEqual(gate.opensAt, opensAt === undefined ? undefined : new Date(opensAt), name);
    assert.ok(gate.hint !== undefined && gate.lookedAt, name);
  }
});

test("what has passed, or is as it was asked for, is open", () => {
  const since = "2026-06-09T12:00:00Z";
  const table: [GateFacts, GateName, RegExp][] = [
    [
      { ...OPEN, hold: { reason: "x", since, until: NOW.toISOString() } },
      "hold",
      /a hold ended at 2026-06-10 01:00 UTC/,
    ],
    [policy({ pin: "2.0.0" }), "pin", /2\.0\.0 is pinned/],
    [policy({ minimumAgeSeconds: 3600 }), "age", /must be 1h old/],
    [policy({ window: NIGHT }), "window", /open until 2026-06-10 02:00 UTC/],
    [{ ...OPEN, freeStateBytes: STATE_BYTES }, "space", /./],
  ];
  for (const [facts, name, says] of table) {
    assert.deepEqual(closedNames(facts), [], name);
    assert.match(find(facts, name).says, says);
  }
});

test("a repository that gives nothing is a closed gate, and what depends on it was not looked at", () => {
  const { release: _release, ...unknown } = OPEN;
  const failed = (code: "server-unreachable" | "freeze-attack" | "channel-unknown") => ({
    ...unknown,
    failure: toRepositoryFailure({ code, message: `says ${code}` }),
  });
  const { repository: _repository, ...without } = OPEN.policy;
  const table: [GateFacts, GateName, RegExp, GateName[]][] = [
    [{ ...unknown, policy: without }, "channel", /no repository is configured/, ["network", "trust"]],
    [unknown, "channel", /has no release for this system/, []],
    [failed("channel-unknown"), "channel", /says channel-unknown/, []],
    [failed("server-unreachable"), "network", /says server-unreachable/, ["trust"]],
    [failed("freeze-attack"), "trust", /says freeze-attack/, []],
  ];
  for (const [facts, name, says, unseen] of table) {
    const gates = listAllGates(facts);
    assert.match(find(facts, name).says, says);
    assert.ok(find(facts, name).hint !== undefined || name === "trust" || facts.failure, name);
    const unlooked = gates.filter(({ lookedAt }) => !lookedAt);
    const engine = NAMES.slice(3, 13);
    assert.deepEqual(
      unlooked.map((gate) => gate.name),
      [...unseen, ...engine, "age"],
    );
    assert.ok(unlooked.every(({ isOpen, says: why }) => !isOpen && why.startsWith("not looked at: ")));
  }
});

test("the engine's gates come with what a person can do about them", () => {
  const trying = makeTestFacts({ running: V1, slots: { A: V1 }, entries: { "minimal_1.0.0+2-1.efi": V1 } });
  const facts = { ...OPEN, facts: trying };
  assert.deepEqual(closedNames(facts), ["confirmed", "way-back"]);
  assert.match(find(facts, "confirmed").hint ?? "", /health checks/);
  const missing = makeTestFacts({ running: V1, slots: { A: V1 }, entries: {} });
  assert.deepEqual(closedNames({ ...OPEN, facts: missing }), ["confirmed", "way-back"]);
});

test("a clock that cannot be right opens no window, and makes nothing younger than it is", () => {
  const before = {
    ...policy({ window: NIGHT, minimumAgeSeconds: 7 * 86_400 }),
    ...at("1970-01-01T00:30:00Z"),
  };
  assert.deepEqual(closedNames(before), ["age", "window"]);
  for (const name of ["age", "window"] as const) {
    const gate = find(before, name);
    assert.match(gate.says, /the machine's clock says 1970-01-01 00:30 UTC/);
    assert.equal(gate.opensAt, undefined);
    assert.match(gate.hint ?? "", /clock/);
  }
  // Old enough by what is known for sure: when the newest timestamp metadata was made.
  const issued = new Date("2026-06-20T00:00:00Z");
  const time = toReferenceTime({ system: new Date(0), notBefore: new Date(0) }, issued);
  assert.deepEqual(closedNames({ ...before, time }), ["window"]);
  const held = {
    ...OPEN,
    ...at("1970-01-01T00:30:00Z"),
    hold: { reason: "x", since: "2026-01-01T00:00:00Z", until: "2026-06-30T00:00:00Z" },
  };
  assert.equal(find(held, "hold").opensAt, undefined);
});

test("in 2050 everything is expired: nothing is trusted, and no window opens", () => {
  const { release: _release, ...unknown } = { ...policy({ window: NIGHT }), ...at("2050-06-10T01:00:00Z") };
  const facts = { ...unknown, failure: toRepositoryFailure({ code: "freeze-attack", message: "expired" }) };
  assert.equal(find(facts, "trust").isOpen, false);
  assert.match(find(facts, "window").says, /2050-06-10 01:00 UTC, and by that all .* expired/);
});

test("a release that was published in the future says that the clock is behind", () => {
  const { release } = OPEN;
  assert.ok(release);
  const facts = {
    ...OPEN,
    release: { ...release, published: { at: new Date("2027-01-01"), by: "channel" } },
  } as const;
  assert.match(find(facts, "age").says, /the machine's clock says 2026-06-10 01:00 UTC, which cannot be/);
  assert.equal(find(facts, "age").opensAt, undefined);
});

test("where the channel does not say when, the date of the sources counts, and that is said", () => {
  const { release } = OPEN;
  assert.ok(release);
  const facts = {
    ...OPEN,
    release: { ...release, published: { at: new Date("2026-01-01"), by: "source-date" } },
  } as const;
  assert.match(
    find(facts, "age").says,
    /the channel does not say when 2\.0\.0 was published, its sources are of 2026-01-01/,
  );
});

test("the spread delays the beginning and the restart, and leaves the last quarter of a window", () => {
  const spread = find(policy({ spreadSeconds: 7 * 86_400 }), "age");
  assert.match(spread.says, /this machine waits .* of its spread/);
  assert.ok(spread.opensAt && spread.opensAt > NOW);
  const { opensAt } = find(policy({ window: { ...NIGHT, days: [6] }, spreadSeconds: 7 * 86_400 }), "window");
  const opens = Date.parse("2026-06-13T00:00:00Z");
  assert.ok(opensAt && opensAt.getTime() > opens && opensAt.getTime() < opens + 90 * 60_000);
});

test("a person passes what only the machine by itself has to wait for, and nothing else", () => {
  const facts: GateFacts = {
    ...policy({
      mode: "manual",
      window: { ...NIGHT, days: [6] },
      minimumAgeSeconds: 86_400,
      hold: { reason: "x" },
      pin: "1.5",
    }),
    locks: [{ name: "backup", reason: "nightly" }],
    freeStateBytes: 0,
  };
  const gates = listAllGates(facts);
  const names = (asks: "person" | "machine", step: "install" | "restart") =>
    listStopping(gates, asks, step).map(({ name }) => name);
  assert.deepEqual(names("person", "install"), ["hold", "pin", "space"]);
  assert.deepEqual(names("person", "restart"), ["hold", "pin", "lock", "space"]);
  assert.deepEqual(names("machine", "install"), ["hold", "pin", "age", "policy", "space"]);
  assert.deepEqual(names("machine", "restart"), ["hold", "pin", "age", "policy", "window", "lock", "space"]);
});
