import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChecks, refuseChecks } from "./parseChecks.ts";
import { describeProblem } from "./problem.ts";

const CHECK = { name: "no compiler", check: () => [] };

test("checks are taken as they are", () => {
  assert.deepEqual(parseChecks([CHECK, CHECK]), { checks: [CHECK, CHECK], problems: [] });
  assert.deepEqual(parseChecks(undefined), { checks: [], problems: [] });
});

const BAD: readonly [value: unknown, ...problems: string[]][] = [
  [CHECK, "checks is an object"],
  ["nothingListens", 'checks is "nothingListens"'],
  [[CHECK, undefined], "checks[1] is missing"],
  [[() => CHECK], "checks[0] is a function"],
  [["nothingListens"], 'checks[0] is "nothingListens"'],
  [[{ ...CHECK, name: " " }], 'checks[0].name is " "'],
  [[{ ...CHECK, name: "a\nb" }], 'checks[0].name is "a\\nb"'],
  [[{}], "checks[0].name is missing", "checks[0].check is missing"],
  [[{ ...CHECK, check: [] }], "checks[0].check is a list"],
  [[{ ...CHECK, chekc: 1 }], 'unknown key "chekc" in checks[0]'],
];

for (const [value, ...problems] of BAD) {
  test(`refused: ${problems.join(", ")}`, () => {
    const parsed = parseChecks(value);
    assert.deepEqual(parsed.problems.map(describeProblem), problems);
    assert.deepEqual(parsed.checks, []);
  });
}

test("data cannot hold checks, and says what can", () => {
  assert.deepEqual(refuseChecks(undefined), { checks: [], problems: [] });
  const [problem, ...others] = refuseChecks({ listen: [] }).problems;
  assert.deepEqual(others, []);
  assert.equal(problem?.path, "checks");
  assert.match(problem?.hint ?? "", /system\.ts/);
});
