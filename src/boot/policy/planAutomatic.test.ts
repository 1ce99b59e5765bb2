import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { toReferenceTime } from "#trust/referenceTime.ts";

import { makeTestFacts } from "../updateFacts.fixture.ts";
import type { GateFacts } from "./gate.ts";
import { IDLE, NOW, OPEN, STAGED, V1, V2, withPolicy } from "./gateFacts.fixture.ts";
import { listAllGates, listStopping } from "./listAllGates.ts";
import { isStaged, nextAutomaticAt, planAutomatic, type AutomaticPlan } from "./planAutomatic.ts";
import { toRepositoryFailure } from "./repositoryFailure.ts";
import type { UpdatePolicy } from "./updatePolicy.ts";

const NIGHT = { days: [1, 2, 3, 4, 5, 6, 7], startMinute: 120, minutes: 120, timeZone: "Europe/Paris" };
const SATURDAY = { ...NIGHT, days: [6] };

function describe(facts: GateFacts, isBusy = false): string {
  const plan = planAutomatic(facts, isBusy);
  const gates = "gates" in plan ? plan.gates.map(({ name }) => name).join(" ") : "";
  return [plan.kind, ...("because" in plan ? [plan.because] : []), gates]
    .filter((word) => word !== "")
    .join(": ");
}

test("what a machine does by itself follows from its mode, its window and its locks", () => {
  const policy = (changes: Partial<UpdatePolicy>, facts = OPEN) => withPolicy(facts, changes);
  const staged: GateFacts = { ...OPEN, facts: STAGED };
  const locks = [{ name: "backup", reason: "nightly" }];
  const table: [string, GateFacts, string][] = [
    ["automatic, at any time", OPEN, "stage-and-reboot"],
    ["automatic, in the window", policy({ window: NIGHT }), "stage-and-reboot"],
    ["automatic, outside of the window", policy({ window: SATURDAY }), "stage: window"],
    [
      "automatic, staged, outside of the window",
      policy({ window: SATURDAY }, staged),
      "nothing: gates: window",
    ],
    ["automatic, staged, in the window", policy({ window: NIGHT }, staged), "reboot"],
    ["automatic, staged, with a lock", { ...staged, locks }, "nothing: gates: lock"],
    ["automatic, with a lock", { ...OPEN, locks }, "stage: lock"],
    ["download", policy({ mode: "download" }), "stage: policy"],
    ["download, staged", policy({ mode: "download" }, staged), "nothing: gates: policy"],
    ["manual", policy({ mode: "manual" }), "nothing: gates: policy"],
    ["manual, staged", policy({ mode: "manual" }, staged), "nothing: gates: policy"],
    ["too young", policy({ minimumAgeSeconds: 7200 }), "nothing: gates: age"],
    ["held, staged", policy({ hold: { reason: "x" } }, staged), "nothing: gates: hold"],
    [
      "the release runs",
      { ...OPEN, release: { ...OPEN.release!, update: V1.release } },
      "nothing: up-to-date",
    ],
    ["staged, then another is pinned", policy({ pin: "3.0" }, staged), "nothing: gates: pin"],
  ];
  for (const [what, facts, expected] of table) assert.equal(describe(facts), expected, what);
  assert.equal(describe(OPEN, true), "nothing: busy");
});

test("without a network nothing restarts: what is staged may have been withdrawn", () => {
  const { release: _release, ...unknown } = { ...OPEN, facts: STAGED };
  const failure = toRepositoryFailure({ code: "server-unreachable", message: "no route" });
  assert.match(describe({ ...unknown, failure }), /^nothing: gates: network/);
});

test("a permission that a person gave counts for nothing in what the machine does by itself", () => {
  const facts = makeTestFacts({
    running: V2,
    slots: { A: V2 },
    entries: { "minimal_2.0.0.efi": V2 },
    limits: { allowDowngrade: true, retryFailed: true, quarantined: new Set() },
  });
  const older = { ...OPEN, facts, release: { ...OPEN.release!, update: V1.release } };
  assert.equal(describe(older), "nothing: gates: downgrade");
  const quarantined = { ...IDLE.limits, retryFailed: true, quarantined: new Set([V2.release.uki.sha256]) };
  assert.equal(describe({ ...OPEN, facts: { ...IDLE, limits: quarantined } }), "nothing: gates: quarantine");
});

test("staged is exactly this build, and not another of its version", () => {
  assert.equal(isStaged(STAGED, V2.release), true);
  assert.equal(isStaged(IDLE, V2.release), false);
  assert.equal(
    isStaged(STAGED, { ...V2.release, uki: { ...V2.release.uki, sha256: V1.release.uki.sha256 } }),
    false,
  );
});

test("the next look is when the last gate with a time opens; without a time there is none", () => {
  const next = (changes: Partial<UpdatePolicy>, facts = OPEN) =>
    nextAutomaticAt(planAutomatic(withPolicy(facts, changes), false))?.toISOString();
  assert.equal(next({ window: SATURDAY }), "2026-06-13T00:00:00.000Z");
  assert.equal(next({ minimumAgeSeconds: 7200 }), "2026-06-10T02:00:00.000Z");
  assert.equal(next({ minimumAgeSeconds: 7200, hold: { reason: "x" } }), undefined);
  assert.equal(next({ mode: "manual" }), undefined);
  assert.equal(next({}), undefined);
});

const TRYING = makeTestFacts({ running: V1, slots: { A: V1 }, entries: { "minimal_1.0.0+2-1.efi": V1 } });

const policies: fc.Arbitrary<UpdatePolicy> = fc
  .record({
    repository: fc.constantFrom("http://127.0.0.1:8080/", undefined),
    mode: fc.constantFrom("manual", "download", "automatic", "automatic"),
    window: fc.constantFrom(undefined, NIGHT, SATURDAY),
    spreadSeconds: fc.constantFrom(0, 600, 86_400),
    minimumAgeSeconds: fc.constantFrom(0, 600, 86_400),
    pin: fc.constantFrom(undefined, undefined, "2.0.0", "3.0"),
    hold: fc.constantFrom(undefined, undefined, { reason: "x" }),
  })
  .map(({ repository, window, pin, hold, ...policy }) => ({
    channel: "stable",
    ...policy,
    ...(repository === undefined ? {} : { repository }),
    ...(window === undefined ? {} : { window }),
    ...(pin === undefined ? {} : { pin }),
    ...(hold === undefined ? {} : { hold }),
  }));

const situations: fc.Arbitrary<GateFacts> = fc
  .record({
    policy: policies,
    system: fc.constantFrom(
      NOW,
      NOW,
      new Date(0),
      new Date("2026-06-13T00:30:00Z"),
      new Date("2026-06-13T12:00:00Z"),
    ),
    machineId: fc.constantFrom("a", "b", "c"),
    facts: fc.constantFrom(IDLE, STAGED, STAGED, TRYING, undefined),
    release: fc.constantFrom(V2, V2, V1, undefined),
    locks: fc.constantFrom([], [], [{ name: "backup", reason: "nightly" }]),
    freeStateBytes: fc.constantFrom(0, 1 << 30, 1 << 30),
  })
  .map(({ system, facts, release, ...others }) => ({
    ...others,
    time: toReferenceTime({ system, notBefore: new Date("2026-01-01T00:00:00Z") }),
    ...(facts === undefined ? {} : { facts }),
    ...(release === undefined ? {} : { release: { ...OPEN.release!, update: release.release } }),
  }));

/** Each closes at least one gate, or leaves it closed. */
const CLOSINGS: readonly ((facts: GateFacts) => GateFacts)[] = [
  (facts) => withPolicy(facts, { mode: "manual" }),
  (facts) => withPolicy(facts, { mode: facts.policy.mode === "automatic" ? "download" : facts.policy.mode }),
  (facts) => withPolicy(facts, { mode: "manual", refused: ["x"] }),
  (facts) => withPolicy(facts, { hold: { reason: "y" } }),
  (facts) => withPolicy(facts, { pin: "4.0" }),
  (facts) => withPolicy(facts, { minimumAgeSeconds: 365 * 86_400 }),
  (facts) => withPolicy(facts, { window: { ...NIGHT, days: [1], minutes: 1 } }),
  (facts) => ({ ...facts, hold: { reason: "y", since: "2026-01-01T00:00:00Z" } }),
  (facts) => ({ ...facts, locks: [...facts.locks, { name: "z", reason: "z" }] }),
  (facts) => ({ ...facts, freeStateBytes: 0 }),
  ({ release: _release, ...facts }) => facts,
  ({ facts: _facts, ...facts }) => facts,
];

const RANKS: Readonly<Record<AutomaticPlan["kind"], number>> = {
  nothing: 0,
  stage: 1,
  "stage-and-reboot": 2,
  reboot: 2,
};

test("no combination lets a machine restart by itself while any gate is closed, or stage while one stops that", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(situations, (facts) => {
      const { kind } = planAutomatic(facts, false);
      seen.add(kind);
      const gates = listAllGates(facts);
      if (RANKS[kind] === 2) assert.ok(gates.every(({ isOpen, lookedAt }) => isOpen && lookedAt));
      if (RANKS[kind] === 1) assert.deepEqual(listStopping(gates, "machine", "install"), []);
      assert.equal(planAutomatic(facts, true).kind, "nothing");
    }),
    { numRuns: 1500, seed: 4 },
  );
  // Or the property would say nothing.
  assert.deepEqual([...seen].sort(), ["nothing", "reboot", "stage", "stage-and-reboot"]);
});

test("closing one more gate never permits more, and opens none", () => {
  fc.assert(
    fc.property(situations, fc.constantFrom(...CLOSINGS), (facts, close) => {
      const closed = close(facts);
      assert.ok(RANKS[planAutomatic(closed, false).kind] <= RANKS[planAutomatic(facts, false).kind]);
      const stoppers = (each: GateFacts) => listStopping(listAllGates(each), "person", "restart").length;
      assert.ok(stoppers(closed) >= stoppers(facts));
    }),
    { numRuns: 1000 },
  );
});

test("the next look is never after the moment at which the machine would do more", () => {
  fc.assert(
    fc.property(situations, fc.integer({ min: 1, max: 14 * 24 * 60 }), (facts, minutes) => {
      const plan = planAutomatic(facts, false);
      const next = nextAutomaticAt(plan);
      if (next === undefined) return;
      const later = new Date(facts.time.system.getTime() + minutes * 60_000);
      if (later >= next) return;
      const then = planAutomatic({ ...facts, time: { ...facts.time, system: later, used: later } }, false);
      assert.ok(
        RANKS[then.kind] <= RANKS[plan.kind],
        `${later.toISOString()} is before ${next.toISOString()}`,
      );
    }),
    { numRuns: 1000 },
  );
});
