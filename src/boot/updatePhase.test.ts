import assert from "node:assert/strict";
import { test } from "node:test";

import { makeTestFacts } from "./updateFacts.fixture.ts";
import type { TestMachine } from "./updateFacts.fixture.ts";
import { derivePhase } from "./updatePhase.ts";
import type { UpdatePhase } from "./updatePhase.ts";
import { makeTestRelease } from "./updateRelease.fixture.ts";
import { toDeployment } from "./updateRelease.ts";

const V10 = makeTestRelease("1.0");
const V11 = makeTestRelease("1.1");
const KERNEL = makeTestRelease("1.0.1", "1.0");

const GOOD = { "minimal_1.0.efi": V10 };
const FRESH: TestMachine = { running: V10, slots: { A: V10 }, entries: GOOD };
const BOTH = { A: V10, B: V11 };

const PHASES: readonly [what: string, machine: TestMachine, phase: UpdatePhase][] = [
  ["a new machine is idle", FRESH, { phase: "idle", version: "1.0" }],
  [
    "a marked slot is downloading",
    { ...FRESH, slots: { A: V10, B: "1.1" } },
    { phase: "downloading", version: "1.1", slot: "B", isSlotComplete: false },
  ],
  [
    "a complete slot without its kernel image is downloading still",
    { ...FRESH, slots: BOTH },
    { phase: "downloading", version: "1.1", slot: "B", isSlotComplete: true },
  ],
  [
    "a boot entry with tries, for a slot that holds its root, is staged",
    { ...FRESH, slots: BOTH, entries: { ...GOOD, "minimal_1.1+3-0.efi": V11 } },
    { phase: "staged", version: "1.1", slot: "B", deployment: toDeployment(V11.release), bootsLeft: 3 },
  ],
  [
    "a new kernel for the same base is staged in the running slot",
    { ...FRESH, entries: { ...GOOD, "minimal_1.0.1+3-0.efi": KERNEL } },
    { phase: "staged", version: "1.0.1", slot: "A", deployment: toDeployment(KERNEL.release), bootsLeft: 3 },
  ],
  [
    "an older version that the loader was told to start is staged",
    {
      running: V11,
      slots: BOTH,
      entries: { ...GOOD, "minimal_1.1.efi": V11 },
      bootOnce: "minimal_1.0.efi",
    },
    { phase: "staged", version: "1.0", slot: "A", deployment: toDeployment(V10.release), bootsLeft: 1 },
  ],
  [
    "a running entry with a counter is being tried",
    { running: V11, slots: BOTH, entries: { ...GOOD, "minimal_1.1+0-3.efi": V11 } },
    {
      phase: "trying",
      version: "1.1",
      bootsLeft: 0,
      wayBack: { version: "1.0", slot: "A", fileName: "minimal_1.0.efi" },
    },
  ],
  [
    "the first boot of a new machine is a try without a way back",
    { ...FRESH, entries: { "minimal_1.0+2-1.efi": V10 } },
    { phase: "trying", version: "1.0", bootsLeft: 2 },
  ],
  [
    "two good systems are confirmed",
    { running: V11, slots: BOTH, entries: { ...GOOD, "minimal_1.1.efi": V11 } },
    {
      phase: "confirmed",
      version: "1.1",
      wayBack: { version: "1.0", slot: "A", fileName: "minimal_1.0.efi" },
    },
  ],
  [
    "an entry without tries left has been rolled back",
    { ...FRESH, slots: BOTH, entries: { ...GOOD, "minimal_1.1+0-3.efi": V11 } },
    {
      phase: "rolled-back",
      version: "1.0",
      failed: { version: "1.1", deployment: toDeployment(V11.release), bootsDone: 3 },
    },
  ],
  [
    "an entry that was set aside has not failed",
    { ...FRESH, slots: BOTH, entries: { ...GOOD, "minimal_1.1+0-0.efi": V11 } },
    {
      phase: "confirmed",
      version: "1.0",
      wayBack: { version: "1.1", slot: "B", fileName: "minimal_1.1+0-0.efi" },
    },
  ],
  [
    "an entry that leads nowhere is no phase of anything",
    { ...FRESH, entries: { ...GOOD, "minimal_1.1+3-0.efi": V11 } },
    { phase: "idle", version: "1.0" },
  ],
];

for (const [what, machine, phase] of PHASES) {
  test(what, () => assert.deepEqual(derivePhase(makeTestFacts(machine)), phase));
}
