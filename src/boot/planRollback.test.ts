import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseRollback, planRollback } from "./planRollback.ts";
import { planSettle } from "./planStaying.ts";
import { makeTestFacts, type TestMachine } from "./updateFacts.fixture.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import { makeTestRelease } from "./updateRelease.fixture.ts";
import type { UpdateStep } from "./updateSteps.ts";
import { verifyStep } from "./verifyStep.ts";

const V09 = makeTestRelease("0.9");
const V10 = makeTestRelease("1.0");
const V11 = makeTestRelease("1.1");
const KERNEL = makeTestRelease("1.0.1", "1.0");

const slots = { A: V10, B: V11 };
const check = (is: "verified" | "damaged") =>
  ({ slot: "A", rootHash: V10.release.slot.rootHash, is }) as const;

function say(step: UpdateStep): string {
  const what = "fileName" in step ? step.fileName : "slot" in step ? step.slot : "";
  return `${step.kind} ${what}`.trimEnd();
}

/** All steps, or why there are none. */
function plan(facts: UpdateFacts): string[] {
  const goal = chooseRollback(facts);
  if (goal === undefined) return ["nothing to go back to"];
  const found = planRollback(facts, goal);
  if (found.kind === "steps") return found.steps.map(say);
  return [found.kind === "no-way-back" ? found.says : found.kind];
}

const PLANS: readonly [what: string, machine: TestMachine, steps: readonly string[]][] = [
  [
    "the version before is read back and started once",
    { running: V11, slots, entries: { "minimal_1.0.efi": V10, "minimal_1.1.efi": V11 } },
    ["check-slot A", "boot-once minimal_1.0.efi", "reboot"],
  ],
  [
    "asked for again before the restart, it is the same way",
    {
      running: V11,
      slots,
      entries: { "minimal_1.0.efi": V10, "minimal_1.1.efi": V11 },
      bootOnce: "minimal_1.0.efi",
      spareCheck: check("verified"),
    },
    ["reboot"],
  ],
  [
    "a slot that is damaged is no way back",
    {
      running: V11,
      slots,
      entries: { "minimal_1.0.efi": V10, "minimal_1.1.efi": V11 },
      spareCheck: check("damaged"),
    },
    ["slot A, which holds 1.0, is damaged"],
  ],
  [
    "a boot on trial goes back, and nothing is written for it",
    { running: V11, slots, entries: { "minimal_1.0.efi": V10, "minimal_1.1+2-1.efi": V11 } },
    ["check-slot A", "boot-once minimal_1.0.efi", "reboot"],
  ],
  [
    "a boot on trial cannot go back to what needs a new counter",
    { running: V11, slots, entries: { "minimal_1.0+0-0.efi": V10, "minimal_1.1+2-1.efi": V11 } },
    ["nothing to go back to"],
  ],
  [
    "one that failed is never gone back to",
    { running: V10, slots, entries: { "minimal_1.0.efi": V10, "minimal_1.1+0-3.efi": V11 } },
    ["nothing to go back to"],
  ],
  [
    "one that was set aside gets its tries again",
    { running: V10, slots, entries: { "minimal_1.0.efi": V10, "minimal_1.1+0-0.efi": V11 } },
    ["check-slot B", "count-anew minimal_1.1+0-0.efi", "reboot"],
  ],
  [
    "what is staged and was not tried yet is taken back",
    { running: V10, slots, entries: { "minimal_1.0.efi": V10, "minimal_1.1+3-0.efi": V11 } },
    ["remove-file minimal_1.1+3-0.efi"],
  ],
  [
    "an older version that is staged is taken back, and the loader told otherwise",
    {
      running: V10,
      slots: { A: V10, B: V09 },
      entries: { "minimal_1.0.efi": V10, "minimal_0.9+3-0.efi": V09 },
      bootOnce: "minimal_0.9+3-0.efi",
    },
    ["boot-once minimal_1.0.efi", "remove-file minimal_0.9+3-0.efi"],
  ],
  [
    "from a new kernel to the one before, whose base runs and need not be read back",
    { running: KERNEL, slots: { A: V10 }, entries: { "minimal_1.0.efi": V10, "minimal_1.0.1.efi": KERNEL } },
    ["boot-once minimal_1.0.efi", "reboot"],
  ],
  [
    "a fresh machine has nothing to go back to",
    { running: V10, slots: { A: V10 }, entries: { "minimal_1.0.efi": V10 } },
    ["nothing to go back to"],
  ],
];

for (const [what, machine, steps] of PLANS) {
  test(what, () => {
    const facts = makeTestFacts(machine);
    assert.deepEqual(plan(facts), steps);
    const goal = chooseRollback(facts);
    const found = goal && planRollback(facts, goal);
    if (found?.kind === "steps") verifyStep(facts, found.steps[0]);
  });
}

test("the goal stays what it was, though its first step looks like a release that is staged", () => {
  const before = makeTestFacts({
    running: V10,
    slots,
    entries: { "minimal_1.0.efi": V10, "minimal_1.1+0-0.efi": V11 },
  });
  const goal = chooseRollback(before);
  assert.ok(goal);
  const after = makeTestFacts({
    running: V10,
    slots,
    entries: { "minimal_1.0.efi": V10, "minimal_1.1+3-0.efi": V11 },
    spareCheck: { slot: "B", rootHash: V11.release.slot.rootHash, is: "verified" },
  });
  assert.deepEqual(planRollback(after, goal), { kind: "steps", steps: [{ kind: "reboot" }] });
});

const SETTLED: readonly [what: string, machine: TestMachine, steps: readonly string[]][] = [
  [
    "a newer version that was good and left",
    { running: V10, slots, entries: { "minimal_1.0.efi": V10, "minimal_1.1.efi": V11 } },
    ["set-aside minimal_1.1.efi"],
  ],
  [
    "a newer version that was left while it was tried",
    { running: V10, slots, entries: { "minimal_1.0.efi": V10, "minimal_1.1+1-2.efi": V11 } },
    ["set-aside minimal_1.1+1-2.efi"],
  ],
  [
    "not one that is staged",
    { running: V10, slots, entries: { "minimal_1.0.efi": V10, "minimal_1.1+3-0.efi": V11 } },
    [],
  ],
  [
    "nothing while a boot is on trial",
    { running: V10, slots, entries: { "minimal_1.0+2-1.efi": V10, "minimal_1.1.efi": V11 } },
    [],
  ],
];

for (const [what, machine, steps] of SETTLED) {
  test(`put behind what runs is ${what}`, () => {
    assert.deepEqual(planSettle(makeTestFacts(machine)).map(say), steps);
  });
}

test("no tries are given to what failed, or to what was not read back", () => {
  const entries = { "minimal_1.0.efi": V10, "minimal_1.1+0-0.efi": V11 };
  const facts = makeTestFacts({ running: V10, slots, entries });
  const step = { kind: "count-anew", fileName: "minimal_1.1+0-0.efi" } as const;
  assert.throws(() => verifyStep(facts, step), { code: "step-forbidden" });
  const failed = makeTestFacts({
    running: V10,
    slots,
    entries: { "minimal_1.0.efi": V10, "minimal_1.1+0-3.efi": V11 },
    spareCheck: { slot: "B", rootHash: V11.release.slot.rootHash, is: "verified" },
  });
  assert.throws(() => verifyStep(failed, { ...step, fileName: "minimal_1.1+0-3.efi" }), {
    code: "step-forbidden",
  });
});

test("a boot on trial starts only what was found good", () => {
  const facts = makeTestFacts({
    running: V11,
    slots,
    entries: { "minimal_1.0+3-0.efi": V10, "minimal_1.1+2-1.efi": V11 },
  });
  assert.throws(() => verifyStep(facts, { kind: "boot-once", fileName: "minimal_1.0+3-0.efi" }), {
    code: "step-forbidden",
  });
});
