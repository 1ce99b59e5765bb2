import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDefinition } from "#definition/parseDefinition.ts";
import type { HealthInput } from "#definition/systemInput.ts";
import type { HealthContract } from "./healthContract.ts";
import type { HealthFacts, UnitFacts } from "./healthFacts.ts";
import type { HealthHistory } from "./healthHistory.ts";
import { makeReport } from "./healthReport.fixture.ts";
import { addUnsteady, findRestarted, judgeHealth } from "./judgeHealth.ts";

const MIB = 2 ** 20;

function toContract(health: HealthInput = {}): HealthContract {
  return parseDefinition({ id: "edge", version: "1.2", health }).health;
}

function toUnit(name: string, changes: Partial<UnitFacts> = {}): UnitFacts {
  return { name, state: "active", result: "", restarts: 0, hasRun: true, ...changes };
}

const WELL: HealthFacts = {
  units: [toUnit("multi-user.target"), toUnit("socle-agent.service", { result: "success" })],
  probes: [],
  freeSpace: [{ path: "/var", freeBytes: 900 * MIB }],
  bootUs: 31_000_000,
  memoryBytes: 210 * MIB,
};

function withUnits(...units: UnitFacts[]): HealthFacts {
  return { ...WELL, units: [...WELL.units, ...units] };
}

/** `name: says` of the checks that fail. */
function faultsOf(facts: HealthFacts, health?: HealthInput, history: HealthHistory = {}): string[] {
  const { verdict, checks } = judgeHealth(toContract(health), facts, history);
  const faults = checks.filter((check) => check.verdict === "fail");
  assert.equal(verdict, faults.length === 0 ? "pass" : "fail");
  return faults.map(({ name, says }) => `${name}: ${says}`);
}

const OTHER = { lastGood: makeReport(), lastGoodOther: makeReport() };

const CASES: readonly [
  name: string,
  facts: HealthFacts,
  health: HealthInput,
  history: HealthHistory,
  faults: string[],
][] = [
  ["all is well", WELL, {}, {}, []],
  [
    "nothing is there",
    { ...WELL, units: [] },
    {},
    {},
    ["unit multi-user.target: is not there", "unit socle-agent.service: is not there"],
  ],
  [
    "an agent that is down",
    {
      ...WELL,
      units: [
        toUnit("multi-user.target"),
        toUnit("socle-agent.service", { state: "activating", result: "exit-code", restarts: 3 }),
      ],
    },
    {},
    {},
    ["unit socle-agent.service: is activating (exit-code), started again 3 times"],
  ],
  [
    "an agent without access",
    {
      ...WELL,
      units: [
        toUnit("multi-user.target"),
        toUnit("socle-agent.service", { state: "inactive", result: "success" }),
      ],
    },
    {},
    {},
    [],
  ],
  [
    "an agent that never ran",
    {
      ...WELL,
      units: [
        toUnit("multi-user.target"),
        toUnit("socle-agent.service", { state: "inactive", result: "success", hasRun: false }),
      ],
    },
    {},
    {},
    ["unit socle-agent.service: is inactive"],
  ],
  [
    "a unit that is asked for and ended",
    withUnits(toUnit("a.service", { state: "inactive", result: "success" })),
    { units: ["a.service"] },
    {},
    ["unit a.service: is inactive"],
  ],
  [
    "a failed unit",
    withUnits(toUnit("a.service", { state: "failed", result: "exit-code" })),
    {},
    {},
    ["failed a.service: is failed (exit-code)"],
  ],
  [
    "a failed unit that may",
    withUnits(toUnit("a.service", { state: "failed" })),
    { mayFail: ["a.service"] },
    {},
    [],
  ],
  [
    "a unit that was failed before",
    withUnits(toUnit("a.service", { state: "failed" })),
    {},
    { lastGood: makeReport({ failedUnits: ["a.service"] }) },
    [],
  ],
  [
    "another than was failed before",
    withUnits(toUnit("b.service", { state: "failed" })),
    {},
    { lastGood: makeReport({ failedUnits: ["a.service"] }) },
    ["failed b.service: is failed"],
  ],
  [
    "its own unit, failed at the judgement before",
    withUnits(toUnit("socle-health.service", { state: "failed" })),
    {},
    {},
    [],
  ],
  [
    "a probe that fails",
    { ...WELL, probes: [{ name: "api", isWell: false, says: "answers 503, wanted 200" }] },
    {},
    {},
    ["probe api: answers 503, wanted 200"],
  ],
  [
    "little room",
    { ...WELL, freeSpace: [{ path: "/var", freeBytes: 31 * MIB }] },
    {},
    {},
    ["space /var: 31 MiB free, wanted 32 MiB"],
  ],
  [
    "a folder that is not there",
    { ...WELL, freeSpace: [] },
    { freeSpace: { "/data": "1MiB" } },
    {},
    ["space /data: cannot be asked for: is it there?", "space /var: cannot be asked for: is it there?"],
  ],
  ["a boot three times as long", { ...WELL, bootUs: 72_000_000 }, {}, OTHER, []],
  [
    "a longer one",
    { ...WELL, bootUs: 72_100_000 },
    {},
    OTHER,
    ["regression boot-time: boot took 72.1 s, 1.1 took 24 s; allowed 72 s"],
  ],
  ["a longer one that is not compared", { ...WELL, bootUs: 72_100_000 }, { regression: false }, OTHER, []],
  [
    "a short boot that is ten seconds longer",
    { ...WELL, bootUs: 12_000_000 },
    {},
    { lastGoodOther: makeReport({ figures: { bootUs: 2_000_000, memoryBytes: 200 * MIB, restarts: 0 } }) },
    [],
  ],
  [
    "twice the memory and more",
    { ...WELL, memoryBytes: 401 * MIB },
    {},
    OTHER,
    ["regression memory: 401 MiB in use, 1.1 used 200 MiB; allowed 400 MiB"],
  ],
  [
    "two restarts where there were none",
    withUnits(toUnit("a.service", { restarts: 2 })),
    {},
    { lastGoodOther: makeReport({ figures: { bootUs: 24e6, memoryBytes: 200 * MIB, restarts: 0 } }) },
    [],
  ],
  [
    "four restarts where there was one",
    withUnits(toUnit("a.service", { restarts: 4 })),
    {},
    OTHER,
    ["regression restarts: units were started again 4 times, with 1.1 once; allowed 3 times"],
  ],
];

for (const [name, facts, health, history, faults] of CASES)
  test(`${name}: ${faults.length === 0 ? "good" : "not good"}`, () => {
    assert.deepEqual(faultsOf(facts, health, history), faults);
  });

test("without another version to compare with, it says so", () => {
  const { checks } = judgeHealth(toContract(), WELL, {});
  assert.match(checks.find(({ name }) => name === "regression")?.says ?? "", /not compared/);
});

test("the figures and the failed units are what the next boot is compared with", () => {
  const facts = withUnits(
    toUnit("b.service", { state: "failed", restarts: 2 }),
    toUnit("a.service", { state: "failed", restarts: 1 }),
  );
  const { figures, failedUnits } = judgeHealth(toContract(), facts, {});
  assert.deepEqual(figures, { bootUs: 31_000_000, memoryBytes: 210 * MIB, restarts: 3 });
  assert.deepEqual(failedUnits, ["a.service", "b.service"]);
});

test("a unit that is up at each look and was started again in between is not steady", () => {
  const later = withUnits(toUnit("a.service", { restarts: 2 }));
  assert.deepEqual(findRestarted(later, later), []);
  const restarted = findRestarted(withUnits(toUnit("a.service", { restarts: 1 })), later);
  const judgement = addUnsteady(judgeHealth(toContract(), later, {}), restarted);
  assert.equal(judgement.verdict, "fail");
  assert.match(judgement.checks.at(-1)?.says ?? "", /started it again 2 times/);
});

test("a boot that got no worse than a good one is good, whatever the limits", () => {
  const figures = fc.record({
    bootUs: fc.nat(1e9),
    memoryBytes: fc.nat(2 ** 31),
    restarts: fc.nat(50),
  });
  const factor = fc.double({ min: 1, max: 1000, noNaN: true });
  const limits = fc.record({ bootTime: factor, memory: factor, restarts: factor });
  fc.assert(
    fc.property(figures, limits, (before, regression) => {
      const facts: HealthFacts = {
        ...withUnits(toUnit("a.service", { restarts: before.restarts })),
        ...before,
      };
      assert.deepEqual(
        faultsOf(facts, { regression }, { lastGoodOther: makeReport({ figures: before }) }),
        [],
      );
    }),
  );
});
