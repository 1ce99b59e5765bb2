import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { chooseGeneration } from "./chooseGeneration.ts";
import { digestOf } from "./documentDigest.ts";
import type { Current, Generation, Previous, Trial } from "./generation.ts";
import { encodeGeneration, GenerationError, parseGeneration } from "./generationRecord.ts";
import {
  awaitConfirmation,
  confirm,
  findTrialEnd,
  foundHealthy,
  listOldGenerations,
  listSuperseded,
  revert,
  startTrial,
  supersede,
} from "./generations.ts";
import { HEAD } from "./wholeDocument.fixture.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const BOOT = "11111111-1111-4111-8111-111111111111";

function toDocument(hostname: string): string {
  return JSON.stringify({ ...HEAD, hostname });
}

function start(number: number, hostname: string): Trial {
  const wanted = { document: toDocument(hostname), who: "CN=ada", reason: "move", bootId: BOOT };
  return startTrial(number, wanted, NOW);
}

const current = (number: number, hostname: string): Current => confirm(start(number, hostname));
const previous = (number: number, hostname: string): Previous => supersede(current(number, hostname));

test("a new generation has the document as given, its digest and its form, and begins on trial in this boot", () => {
  assert.deepEqual(start(1, "a"), {
    number: 1,
    document: toDocument("a"),
    digest: digestOf(toDocument("a")),
    form: "socle/v1",
    who: "CN=ada",
    reason: "move",
    at: NOW,
    healthyOn: [],
    state: "trial",
    bootId: BOOT,
    until: undefined,
  });
  assert.equal(startTrial(2, { document: "", who: "a", reason: "", bootId: BOOT }, NOW).form, "");
});

test("a trial ends at its time, with its boot, when it was cut off, or when the clock says that it has not begun", () => {
  const trial = awaitConfirmation(start(1, "a"), NOW, 60);
  assert.equal(trial.until?.toISOString(), "2026-03-01T12:01:00.000Z");
  const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
  const table: [Trial, number, string, RegExp | undefined][] = [
    [trial, 0, BOOT, undefined],
    [trial, 59, BOOT, undefined],
    [trial, 60, BOOT, /not confirmed in time/],
    [trial, 3600, BOOT, /not confirmed in time/],
    [trial, -1, BOOT, /not confirmed in time/],
    [trial, 0, "another", /restarted/],
    [start(1, "a"), 0, BOOT, /cut off/],
  ];
  for (const [each, seconds, bootId, expected] of table) {
    const end = findTrialEnd(each, after(seconds), bootId);
    assert.match(end ?? "goes on", expected ?? /^goes on$/, `${seconds} ${bootId}`);
  }
  const { until: _until, bootId: _bootId, ...record } = trial;
  assert.deepEqual(confirm(trial), { ...record, state: "current" });
  assert.deepEqual(revert(trial, "late"), { ...record, state: "reverted", because: "late" });
});

test("a version that judges a generation healthy again is named once", () => {
  const healthy = foundHealthy(foundHealthy(foundHealthy(start(1, "a"), "1.0"), "1.1"), "1.0");
  assert.deepEqual(healthy.healthyOn, ["1.0", "1.1"]);
});

test("of two current ones, which a power cut can leave, the newer counts", () => {
  assert.deepEqual(listSuperseded([current(1, "a"), current(2, "b"), previous(3, "c")]), [current(1, "a")]);
  assert.deepEqual(listSuperseded([current(1, "a")]), []);
  assert.deepEqual(listSuperseded([]), []);
});

test("what is too old goes, but nothing that counts", () => {
  const all = [
    current(1, "a"),
    previous(2, "b"),
    revert(start(3, "c"), "x"),
    previous(4, "d"),
    start(5, "e"),
  ];
  assert.deepEqual(
    listOldGenerations(all, 2).map(({ number }) => number),
    [3, 2],
  );
});

test("a version of the system finds what it can read, and best what it was healthy with", () => {
  const one = foundHealthy(previous(1, "a"), "1.0");
  const two = previous(2, "b");
  const three = current(3, "c");
  const trial = start(4, "d");
  const choose = (all: readonly Generation[], version: string, readable: string, bootId = BOOT) => {
    const isReadable = (document: string) =>
      readable.split("").some((hostname) => document === toDocument(hostname));
    return chooseGeneration(all, { version, bootId, isReadable })?.number;
  };
  const table: [readonly Generation[], string, string, number | undefined][] = [
    [[one, two, three], "1.0", "abc", 3],
    [[one, two, three], "1.0", "ab", 1],
    [[one, two, three], "0.9", "ab", 2],
    [[one, two, revert(start(3, "c"), "x")], "1.0", "abc", 1],
    [[one, two, three], "1.0", "", undefined],
    [[], "1.0", "a", undefined],
    [[one, two, three, trial], "1.0", "abcd", 4],
    [[current(1, "a"), current(2, "b")], "1.0", "ab", 2],
  ];
  for (const [all, version, readable, expected] of table)
    assert.equal(choose(all, version, readable), expected, `${version} ${readable}`);
  assert.equal(choose([one, two, three, trial], "1.0", "abcd", "the next boot"), 3);
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
    if (state === "trial")
      return { ...record, state, bootId: fields.who, until: because === "" ? undefined : fields.at };
    return state === "reverted" ? { ...record, state, because } : { ...record, state };
  });

test("what is stored is what is read", () => {
  fc.assert(
    fc.property(anyGeneration, (generation) => {
      assert.deepEqual(parseGeneration(encodeGeneration(generation), digestOf), generation);
    }),
    { numRuns: 300 },
  );
});

test("a stored generation that is damaged or altered is told, without its document", () => {
  const stored = encodeGeneration(current(1, "edge-01"));
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
      () => parseGeneration(text, digestOf),
      (error) => error instanceof GenerationError && error.code === code && !error.message.includes("edge-0"),
      text,
    );
  }
  const fromTheFuture = stored.replace('"number"', '"colour": "blue", "number"');
  assert.equal(parseGeneration(fromTheFuture, digestOf).number, 1);
});
