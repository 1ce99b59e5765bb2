import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS, type TreePolicies } from "#definition/levels.ts";

import { ControlError } from "./controlError.ts";
import { planReset } from "./planReset.ts";

const CUSTOM: TreePolicies = { usr: "verified", etc: "read-only", var: "persistent" };
const wish = { confirmName: "edge-01", keepConfiguration: false };
const keeping = { ...wish, keepConfiguration: true };

/** What is asked of the initrd; "restart" where that alone is the reset; else the code of the refusal. */
const CASES: readonly (readonly [level: string, policies: TreePolicies, all: string, kept: string])[] = [
  ["classic", LEVELS.classic, "reset-not-possible", "reset-not-possible"],
  ["semi", LEVELS.semi, "everything", "keep-configuration"],
  ["sealed", LEVELS.sealed, "everything", "keep-configuration"],
  ["total", LEVELS.total, "restart", "reset-not-possible"],
  ["custom", CUSTOM, "everything", "keep-configuration"],
];

function plan(policies: TreePolicies, wanted: typeof wish): string {
  try {
    return planReset({ hostName: "edge-01", policies }, wanted) ?? "restart";
  } catch (error) {
    assert.ok(error instanceof ControlError && error.hint !== undefined, String(error));
    return error.code;
  }
}

for (const [level, policies, all, kept] of CASES) {
  test(`at "${level}" a reset is: ${all}; with the configuration kept: ${kept}`, () => {
    assert.equal(plan(policies, wish), all);
    assert.equal(plan(policies, keeping), kept);
  });

  test(`at "${level}" a reset that names another machine, or none, is refused before anything else`, () => {
    for (const confirmName of ["", "edge-02", "EDGE-01", "edge-01 "])
      assert.equal(plan(policies, { ...wish, confirmName }), "name-differs");
  });
}
