import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { ConfigurationError, describeConfigurationProblem } from "#config/configurationError.ts";
import { decodeMachineConfiguration, parseMachineConfiguration } from "#config/parseMachineConfiguration.ts";
import { renderEtc } from "#config/renderEtc.ts";
import { WHOLE_DOCUMENT } from "#config/wholeDocument.fixture.ts";

/** SOCLE_LONG_MODEL=1 looks at ten times as many. */
const RUNS = process.env["SOCLE_LONG_MODEL"] === "1" ? 1_000_000 : 100_000;
const SEED = process.env["SOCLE_MODEL_SEED"];
const PARAMETERS = SEED === undefined ? {} : { seed: Number(SEED) };

/** No document of these sizes may hold up a boot. */
const LONGEST_MS = 1000;

/** Every place of a document, as a path to it. */
function listPlaces(value: unknown, keys: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...keys]];
  return [[...keys], ...Object.entries(value).flatMap(([key, inner]) => listPlaces(inner, [...keys, key]))];
}

/** The document with another value at a place, or without it: undefined. */
function replaceAt(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (typeof value !== "object" || value === null) return value; // an earlier change has taken the place away
  const changed: [string, unknown][] = Object.entries(value).map(([name, inner]) =>
    name === key ? [name, replaceAt(inner, rest, replacement)] : [name, inner],
  );
  const left = changed.filter(([, inner]) => inner !== undefined);
  return Array.isArray(value) ? left.map(([, inner]) => inner) : Object.fromEntries(left);
}

const SECTIONS = Object.keys(WHOLE_DOCUMENT).filter((key) => key !== "apiVersion" && key !== "kind");
const PLACES = listPlaces(WHOLE_DOCUMENT);
const VALUES = PLACES.map((keys) =>
  keys.reduce<unknown>((value, key) => Object(value)[key] as unknown, WHOLE_DOCUMENT),
);

/** Other values of the same document stand where they do not belong; or harmful texts; or anything. */
const anyValue = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    2 ** 53,
    "",
    "\n",
    "../..",
    "%n",
    "::",
    "/0",
    "[[",
    "a".repeat(5000),
  ),
  fc.constantFrom([], {}, [[]], [null], JSON.parse('{"__proto__":1,"constructor":1}') as unknown),
  fc.string(),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Some sections of the whole document, with some places changed or taken away. */
const nearlyRight = fc
  .tuple(
    fc.subarray(SECTIONS, { minLength: 1, maxLength: 2 }),
    fc.array(fc.tuple(fc.constantFrom(...PLACES), fc.option(anyValue, { nil: undefined })), { maxLength: 4 }),
  )
  .map(([sections, changes]) => {
    const document: unknown = Object.fromEntries(
      Object.entries(WHOLE_DOCUMENT).filter(([key]) => !SECTIONS.includes(key) || sections.includes(key)),
    );
    return changes.reduce((changed, [keys, value]) => replaceAt(changed, keys, value), document);
  });

/** Refused with problems of one line each, or taken, and then every file of it can be made. */
function isSurvived(read: () => ReturnType<typeof parseMachineConfiguration>): "taken" | "refused" {
  const before = process.cpuUsage();
  try {
    for (const file of renderEtc(read())) {
      if ("content" in file) assert.doesNotMatch(file.content, /[^\n\t -~]/);
    }
    return "taken";
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    assert.ok(error.problems.length > 0);
    for (const problem of error.problems) {
      assert.doesNotMatch(describeConfigurationProblem(problem), /[\n\r]/);
    }
    return "refused";
  } finally {
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < LONGEST_MS * 1000);
  }
}

test("no document makes the parser do anything but take or refuse it, in good time", () => {
  const counts = { taken: 0, refused: 0 };
  const look = (input: unknown) => void (counts[isSurvived(() => parseMachineConfiguration(input))] += 1);
  fc.assert(fc.property(nearlyRight, look), { ...PARAMETERS, numRuns: RUNS * 0.4 });
  fc.assert(fc.property(fc.jsonValue(), look), { ...PARAMETERS, numRuns: RUNS * 0.2 });
  // Both are met often: else the inputs say little.
  assert.ok(counts.taken > RUNS / 100, JSON.stringify(counts));
  assert.ok(counts.refused > RUNS / 10, JSON.stringify(counts));
});

test("no text does either, cut off or not", () => {
  const text = JSON.stringify(WHOLE_DOCUMENT);
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.nat(text.length).map((length) => text.slice(0, length)),
  );
  fc.assert(
    fc.property(anyText, (input) => void isSurvived(() => decodeMachineConfiguration(input))),
    { ...PARAMETERS, numRuns: RUNS * 0.4 },
  );
});
