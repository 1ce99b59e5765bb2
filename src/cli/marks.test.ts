import assert from "node:assert/strict";
import { test } from "node:test";
import { toMarks } from "./marks.ts";

const CASES: readonly (readonly [Record<string, string>, string])[] = [
  [{}, "✓"],
  [{ LANG: "fr_FR.UTF-8" }, "✓"],
  [{ LANG: "fr_FR.UTF-8", LC_ALL: "fr_FR.ISO-8859-1" }, "+"],
  [{ LANG: "C" }, "✓"],
  [{ TERM: "linux" }, "+"],
  [{ TERM: "dumb", LANG: "C.UTF-8" }, "+"],
];

for (const [env, mark] of CASES) {
  test(`success is marked ${mark} with ${JSON.stringify(env)}`, () => assert.equal(toMarks(env).ok, mark));
}
