import assert from "node:assert/strict";
import { test } from "node:test";

import { makeTestFacts } from "./updateFacts.fixture.ts";
import type { TestMachine } from "./updateFacts.fixture.ts";
import type { SpareCheck } from "./updateFacts.ts";
import { makeTestRelease } from "./updateRelease.fixture.ts";
import type { UpdateStep } from "./updateSteps.ts";
import { verifyStep } from "./verifyStep.ts";

const V09 = makeTestRelease("0.9");
const V10 = makeTestRelease("1.0");
const V11 = makeTestRelease("1.1");
const V12 = makeTestRelease("1.2");
const { release } = V11;

const FRESH: TestMachine = { running: V10, slots: { A: V10 }, entries: { "minimal_1.0.efi": V10 } };
const PARTIAL: TestMachine = { ...FRESH, slots: { A: V10, B: "1.1" } };
const NAMED: TestMachine = { ...FRESH, slots: { A: V10, B: V11 } };
const UPDATED: TestMachine = {
  running: V11,
  slots: { A: V10, B: V11 },
  entries: { "minimal_1.0.efi": V10, "minimal_1.1.efi": V11 },
};
const TRYING: TestMachine = {
  ...UPDATED,
  entries: { "minimal_1.0.efi": V10, "minimal_1.1+2-1.efi": V11 },
};
const VERIFIED: SpareCheck = { slot: "B", rootHash: release.slot.rootHash, is: "verified" };
const WRITE_UKI: UpdateStep = { kind: "write-uki", fileName: "minimal_1.1+3-0.efi", release };

const FORBIDDEN: readonly [what: string, machine: TestMachine, step: UpdateStep, problem: RegExp][] = [
  [
    "anything while the running system is unconfirmed",
    TRYING,
    { kind: "make-unbootable", slot: "A", fileName: "minimal_1.0.efi" },
    /no good boot entry leads to the running system/,
  ],
  ["a repair while unconfirmed", TRYING, { kind: "repair-table" }, /no good boot entry/],
  ["a reboot without a way back", { ...FRESH, entries: {} }, { kind: "reboot" }, /no good boot entry/],
  [
    "anything while it is not known which slot runs",
    { ...FRESH, slots: { B: V11 } },
    { kind: "verify-slot", slot: "A", release },
    /not known which slot runs/,
  ],
  ["to mark the running slot", FRESH, { kind: "mark-slot", slot: "A", release }, /slot A is not the spare/],
  [
    "to write the running slot",
    PARTIAL,
    { kind: "write-slot", slot: "A", release },
    /slot A is not the spare/,
  ],
  ["to name the running slot", PARTIAL, { kind: "name-slot", slot: "A", release }, /slot A is not the spare/],
  [
    "to mark a slot that a boot entry leads to",
    UPDATED,
    { kind: "mark-slot", slot: "A", release: V12.release },
    /"minimal_1\.0\.efi" leads to slot A/,
  ],
  ["to write a slot that is not marked", FRESH, { kind: "write-slot", slot: "B", release }, /not marked/],
  [
    "to write a slot that is marked for another version",
    { ...FRESH, slots: { A: V10, B: "1.2" } },
    { kind: "write-slot", slot: "B", release },
    /not marked as being written with 1\.1/,
  ],
  [
    "to name a slot that was not read back",
    PARTIAL,
    { kind: "name-slot", slot: "B", release },
    /not read back/,
  ],
  [
    "to name a slot that was read back for another release",
    { ...PARTIAL, spareCheck: { ...VERIFIED, rootHash: V12.release.slot.rootHash } },
    { kind: "name-slot", slot: "B", release },
    /not read back/,
  ],
  [
    "a boot entry for a slot without a name",
    { ...PARTIAL, spareCheck: VERIFIED },
    WRITE_UKI,
    /no slot holds/,
  ],
  ["a boot entry for a slot that was not read back", NAMED, WRITE_UKI, /slot B was not read back/],
  [
    "to write over a boot entry",
    { ...NAMED, spareCheck: VERIFIED, entries: { ...NAMED.entries, "minimal_1.1+3-0.efi": V11 } },
    WRITE_UKI,
    /is there already/,
  ],
  [
    "to remove the boot entry of what runs",
    FRESH,
    { kind: "remove-file", fileName: "minimal_1.0.efi", reason: "superseded" },
    /"minimal_1\.0\.efi" starts the running system/,
  ],
  [
    "to remove the second name of what runs",
    { ...FRESH, entries: { "minimal_1.0.efi": V10, "minimal_1.0+1-2.efi": V10 } },
    { kind: "remove-file", fileName: "minimal_1.0+1-2.efi", reason: "superseded" },
    /starts the running system/,
  ],
  [
    "to remove a left-over that may be a part of what runs",
    { ...FRESH, leftOvers: ["minimal_1.0+3-0.efi.part"] },
    { kind: "remove-file", fileName: "minimal_1.0+3-0.efi.part", reason: "left-over" },
    /may be a part of what runs/,
  ],
  [
    "to remove what is not ours",
    FRESH,
    { kind: "remove-file", fileName: "other_1.0.efi", reason: "leads-nowhere" },
    /not a file of this system/,
  ],
  [
    "to set aside what runs",
    FRESH,
    { kind: "set-aside", fileName: "minimal_1.0.efi" },
    /starts the running system/,
  ],
  [
    "to start what is not there",
    FRESH,
    { kind: "boot-once", fileName: "minimal_1.1+3-0.efi" },
    /no slot holds/,
  ],
  [
    "an older version without permission, at every step that brings it",
    { ...UPDATED, slots: { A: "0.9", B: V11 }, entries: { "minimal_1.1.efi": V11 } },
    { kind: "write-slot", slot: "A", release: V09.release },
    /0\.9 is older than the running 1\.1/,
  ],
];

for (const [what, machine, step, problem] of FORBIDDEN) {
  test(`no step may be ${what}`, () => {
    assert.throws(() => verifyStep(makeTestFacts(machine), step), {
      code: "step-forbidden",
      message: problem,
    });
  });
}

test("a version below the floor passes at no step, even where older ones may", () => {
  const machine: TestMachine = {
    ...PARTIAL,
    slots: { A: V10, B: "0.9" },
    limits: { floor: "0.9.1", allowDowngrade: true, retryFailed: true, quarantined: new Set() },
  };
  for (const kind of ["mark-slot", "write-slot", "verify-slot", "name-slot"] as const) {
    const step: UpdateStep = { kind, slot: "B", release: V09.release };
    assert.throws(() => verifyStep(makeTestFacts(machine), step), /the floor is 0\.9\.1/);
  }
});

test("the steps of an update pass, each when its turn has come", () => {
  const steps: readonly [TestMachine, UpdateStep][] = [
    [FRESH, { kind: "mark-slot", slot: "B", release }],
    [PARTIAL, { kind: "write-slot", slot: "B", release }],
    [PARTIAL, { kind: "verify-slot", slot: "B", release }],
    [
      { ...PARTIAL, spareCheck: VERIFIED },
      { kind: "name-slot", slot: "B", release },
    ],
    [{ ...NAMED, spareCheck: VERIFIED }, WRITE_UKI],
    [FRESH, { kind: "reboot" }],
  ];
  for (const [machine, step] of steps) verifyStep(makeTestFacts(machine), step);
});
