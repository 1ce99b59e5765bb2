import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Current, Generation } from "./generation.ts";
import { encodeGeneration, GenerationError, parseGeneration } from "./generationRecord.ts";
import {
  chooseGeneration,
  confirmTrial,
  digestOf,
  findRevertTarget,
  foundHealthy,
  isTrialOver,
  planTrial,
  restore,
  revert,
  startGeneration,
  supersede,
} from "./generations.ts";
import { HEAD } from "./wholeDocument.fixture.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");

function toDocument(hostname: string): string {
  return JSON.stringify({ ...HEAD, hostname });
}

function start(before: readonly Generation[], hostname: string): Current {
  return startGeneration(before, { document: toDocument(hostname), who: "CN=ada", reason: "move" }, NOW);
}

test("a new generation has the next number, the document as given, its digest and its form", () => {
  const first = start([], "a");
  assert.deepEqual(first, {
    number: 1,
    document: toDocument("a"),
    digest: digestOf(toDocument("a")),
    form: "socle/v1",
    who: "CN=ada",
    reason: "move",
    at: NOW,
    healthyOn: [],
    state: "current",
  });
  assert.equal(start([supersede(start([first], "b")), revert(first, "failed")], "c").number, 3);
});

test("a trial ends at its time, or when the clock says that it has not begun", () => {
  const trial = planTrial(start([], "a"), NOW, 60);
  assert.equal(trial.until.toISOString(), "2026-03-01T12:01:00.000Z");
  const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
  const table: [number, boolean][] = [
    [0, false],
    [59, false],
    [60, true],
    [3600, true],
    [-1, true],
  ];
  for (const [seconds, isOver] of table)
    assert.equal(isTrialOver(trial, after(seconds)), isOver, `${seconds}`);
  assert.deepEqual(confirmTrial(trial), start([], "a"));
  const { until: _until, ...record } = trial;
  assert.deepEqual(revert(trial, "not confirmed"), {
    ...record,
    state: "reverted",
    because: "not confirmed",
  });
});

test("a version that judges a generation healthy again is named once", () => {
  const healthy = foundHealthy(foundHealthy(foundHealthy(start([], "a"), "1.0"), "1.1"), "1.0");
  assert.deepEqual(healthy.healthyOn, ["1.0", "1.1"]);
});

test("what is gone back to is the current one, else the newest that did not fail", () => {
  const one = supersede(start([], "a"));
  const two = supersede(start([one], "b"));
  const three = revert(start([one, two], "c"), "unhealthy");
  assert.equal(findRevertTarget([one, two, three])?.number, 2);
  assert.equal(findRevertTarget([restore(one), two, three])?.number, 1);
  assert.equal(findRevertTarget([three]), undefined);
});

test("an older version of the system finds what it can read, and best what it was healthy with", () => {
  const one = foundHealthy(supersede(start([], "a")), "1.0");
  const two = supersede(start([one], "b"));
  const three = start([one, two], "c");
  const all = [one, two, three];
  const reads =
    (...hostnames: string[]) =>
    (document: string) =>
      hostnames.some((hostname) => document === toDocument(hostname));
  assert.equal(chooseGeneration(all, "1.0", reads("a", "b", "c"))?.number, 3);
  assert.equal(chooseGeneration(all, "1.0", reads("a", "b"))?.number, 1);
  assert.equal(chooseGeneration(all, "0.9", reads("a", "b"))?.number, 2);
  assert.equal(chooseGeneration([one, two, revert(three, "x")], "1.0", reads("a", "b", "c"))?.number, 1);
  assert.equal(chooseGeneration(all, "1.0", reads()), undefined);
});

const anyGeneration: fc.Arbitrary<Generation> = fc
  .record({
    number: fc.integer({ min: 1, max: 1_000_000 }),
    document: fc.json(),
    who: fc.string(),
    reason: fc.string({ unit: "grapheme" }),
    at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-01-01") }),
    healthyOn: fc.array(fc.string()),
    because: fc.string(),
    state: fc.constantFrom("trial", "current", "previous", "reverted"),
  })
  .map(({ because, state, ...fields }): Generation => {
    const record = { ...fields, form: "socle/v1", digest: digestOf(fields.document) };
    if (state === "trial") return { ...record, state, until: fields.at };
    return state === "reverted" ? { ...record, state, because } : { ...record, state };
  });

test("what is stored is what is read", () => {
  fc.assert(
    fc.property(anyGeneration, (generation) => {
      assert.deepEqual(parseGeneration(encodeGeneration(generation)), generation);
    }),
    { numRuns: 300 },
  );
});

test("a stored generation that is damaged or altered is told, without its document", () => {
  const stored = encodeGeneration(start([], "edge-01"));
  const table: [string, string][] = [
    ["", "generation-malformed"],
    ["[]", "generation-malformed"],
    ["null", "generation-malformed"],
    [stored.slice(0, -10), "generation-malformed"],
    [stored.replace("edge-01", "edge-02"), "generation-altered"],
    [stored.replace('"current"', '"broken"'), "generation-malformed"],
    [stored.replace('"current"', '"trial"'), "generation-malformed"],
    [stored.replace('"number": 1', '"number": 0'), "generation-malformed"],
    [stored.replace("2026-03-01T12", "2026-99-01T12"), "generation-malformed"],
    [stored.replace("ConfigurationGeneration", "Other"), "generation-malformed"],
  ];
  for (const [text, code] of table) {
    assert.throws(
      () => parseGeneration(text),
      (error) => error instanceof GenerationError && error.code === code && !error.message.includes("edge-0"),
      text,
    );
  }
  const fromTheFuture = stored.replace('"number"', '"colour": "blue", "number"');
  assert.equal(parseGeneration(fromTheFuture).number, 1);
});
