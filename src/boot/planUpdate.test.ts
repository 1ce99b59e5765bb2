import assert from "node:assert/strict";
import { test } from "node:test";

import { planUpdate } from "./planUpdate.ts";
import { makeTestFacts, makeTestTable } from "./updateFacts.fixture.ts";
import type { TestMachine } from "./updateFacts.fixture.ts";
import type { SpareCheck } from "./updateFacts.ts";
import { listUpdateGates } from "./updateGates.ts";
import { makeTestRelease } from "./updateRelease.fixture.ts";
import type { TestRelease } from "./updateRelease.fixture.ts";
import type { UpdateStep } from "./updateSteps.ts";

const V09 = makeTestRelease("0.9");
const V10 = makeTestRelease("1.0");
const V11 = makeTestRelease("1.1");
const V12 = makeTestRelease("1.2");
const KERNEL = makeTestRelease("1.0.1", "1.0");
/** Built anew: the same version, another content. */
const V11_AGAIN = makeTestRelease("1.1", "1.1 again");

const FRESH: TestMachine = { running: V10, slots: { A: V10 }, entries: { "minimal_1.0.efi": V10 } };
const UPDATED: TestMachine = {
  running: V11,
  slots: { A: V10, B: V11 },
  entries: { "minimal_1.0.efi": V10, "minimal_1.1.efi": V11 },
};
const STAGED: TestMachine = {
  running: V10,
  slots: { A: V10, B: V11 },
  entries: { "minimal_1.0.efi": V10, "minimal_1.1+3-0.efi": V11 },
};
const FAILED: TestMachine = {
  ...STAGED,
  entries: { "minimal_1.0.efi": V10, "minimal_1.1+0-3.efi": V11 },
};
const LIMITS = { allowDowngrade: false, retryFailed: false, quarantined: new Set<string>() };
const DOWN = { ...LIMITS, allowDowngrade: true };

function check(is: SpareCheck["is"], { release }: TestRelease = V11): SpareCheck {
  return { slot: "B", rootHash: release.slot.rootHash, is };
}

/** A step in a few words. */
function say(step: UpdateStep): string {
  const what = "fileName" in step ? ` ${step.fileName}` : "slot" in step ? ` ${step.slot}` : "";
  return `${step.kind}${what}${"reason" in step ? ` (${step.reason})` : ""}`;
}

const WRITE_B = ["mark-slot B", "write-slot B", "verify-slot B", "name-slot B"];
const START_11 = ["write-uki minimal_1.1+3-0.efi", "reboot"];

const PLANS: readonly [what: string, machine: TestMachine, target: TestRelease, steps: readonly string[]][] =
  [
    ["a free slot is written, then its kernel image", FRESH, V11, [...WRITE_B, ...START_11]],
    [
      "a slot in use loses its boot entry first",
      UPDATED,
      V12,
      [
        "make-unbootable minimal_1.0.efi",
        ...WRITE_B.map((step) => step.replace("B", "A")),
        "write-uki minimal_1.2+3-0.efi",
        "reboot",
      ],
    ],
    [
      "a slot that is being written is not marked again",
      { ...FRESH, slots: { A: V10, B: "1.1" } },
      V11,
      [...WRITE_B.slice(1), ...START_11],
    ],
    [
      "a slot that was being written with another version is",
      { ...FRESH, slots: { A: V10, B: "1.1" } },
      V12,
      [...WRITE_B, "write-uki minimal_1.2+3-0.efi", "reboot"],
    ],
    [
      "what this run has written is not written again",
      { ...FRESH, slots: { A: V10, B: "1.1" }, spareCheck: check("written") },
      V11,
      [...WRITE_B.slice(2), ...START_11],
    ],
    [
      "what this run has read back is named",
      { ...FRESH, slots: { A: V10, B: "1.1" }, spareCheck: check("verified") },
      V11,
      ["name-slot B", ...START_11],
    ],
    [
      "what this run knows of another release does not count",
      { ...FRESH, slots: { A: V10, B: "1.1" }, spareCheck: check("verified", V12) },
      V11,
      [...WRITE_B.slice(1), ...START_11],
    ],
    [
      "a slot that holds the root is read back only",
      { ...FRESH, slots: { A: V10, B: V11 } },
      V11,
      ["verify-slot B", ...START_11],
    ],
    [
      "a slot that holds the root and was damaged is written again",
      { ...FRESH, slots: { A: V10, B: V11 }, spareCheck: check("damaged") },
      V11,
      [...WRITE_B, ...START_11],
    ],
    [
      "a damaged slot loses the boot entry of the very same release, too",
      { ...STAGED, spareCheck: check("damaged") },
      V11,
      ["make-unbootable minimal_1.1+3-0.efi", ...WRITE_B, ...START_11],
    ],
    [
      "what is all in place needs a reboot only",
      { ...STAGED, spareCheck: check("verified") },
      V11,
      ["reboot"],
    ],
    [
      "tries that are used up do not come back",
      { ...STAGED, entries: { "minimal_1.0.efi": V10, "minimal_1.1+1-2.efi": V11 } },
      V11,
      ["verify-slot B", "reboot"],
    ],
    [
      "a newer release takes the place of one that waits for its reboot",
      STAGED,
      V12,
      ["make-unbootable minimal_1.1+3-0.efi", ...WRITE_B, "write-uki minimal_1.2+3-0.efi", "reboot"],
    ],
    [
      "a new kernel for the running base needs no slot",
      FRESH,
      KERNEL,
      ["write-uki minimal_1.0.1+3-0.efi", "reboot"],
    ],
    [
      "a new kernel for the running base leaves the way back alone",
      {
        ...UPDATED,
        running: V10,
        slots: { A: V10, B: V09 },
        entries: { "minimal_1.0.efi": V10, "minimal_0.9.efi": V09 },
      },
      KERNEL,
      ["write-uki minimal_1.0.1+3-0.efi", "reboot"],
    ],
    [
      "the kernel before the running one goes at the next update",
      {
        running: KERNEL,
        slots: { A: KERNEL },
        entries: { "minimal_1.0.efi": V10, "minimal_1.0.1.efi": KERNEL },
      },
      V11,
      ["remove-file minimal_1.0.efi (superseded)", ...WRITE_B, ...START_11],
    ],
    [
      "entries that lead nowhere or cannot be read go first, entries before left-overs",
      {
        ...FRESH,
        entries: { "minimal_1.0.efi": V10, "minimal_0.9.efi": V09, "minimal_0.8.efi": "torn" },
        leftOvers: ["minimal_1.1+3-0.efi.part"],
      },
      V11,
      [
        "remove-file minimal_0.9.efi (leads-nowhere)",
        "remove-file minimal_0.8.efi (leads-nowhere)",
        "remove-file minimal_1.1+3-0.efi.part (left-over)",
        ...WRITE_B,
        ...START_11,
      ],
    ],
    [
      "an entry beside a left-over may share its clusters, and is written again",
      { ...STAGED, leftOvers: ["minimal_1.1+3-0.efi.part"], spareCheck: check("verified") },
      V11,
      [
        "remove-file minimal_1.1+3-0.efi (rewritten)",
        "remove-file minimal_1.1+3-0.efi.part (left-over)",
        ...START_11,
      ],
    ],
    [
      "a left-over of the running version may share its clusters, and stays",
      { ...FRESH, leftOvers: ["minimal_1.0+3-0.efi.part"] },
      V11,
      [...WRITE_B, ...START_11],
    ],
    [
      "a damaged partition table is repaired before anything else",
      { ...FRESH, table: { gpt: makeTestTable(), isPrimaryValid: false, isSound: false } },
      V11,
      ["repair-table", ...WRITE_B, ...START_11],
    ],
    [
      "an older version is started once, as the loader prefers newer ones",
      { ...UPDATED, limits: DOWN },
      V10,
      ["verify-slot A", "boot-once minimal_1.0.efi", "reboot"],
    ],
    [
      "the loader is not told twice",
      { ...UPDATED, limits: DOWN, bootOnce: "minimal_1.0.efi" },
      V10,
      ["verify-slot A", "reboot"],
    ],
    [
      "an older version that is not there any more is written, tried, and started once",
      { ...UPDATED, limits: DOWN },
      V09,
      [
        "make-unbootable minimal_1.0.efi",
        ...WRITE_B.map((step) => step.replace("B", "A")),
        "write-uki minimal_0.9+3-0.efi",
        "boot-once minimal_0.9+3-0.efi",
        "reboot",
      ],
    ],
    [
      "an older version that runs sets the newer one aside",
      { ...UPDATED, running: V10 },
      V10,
      ["set-aside minimal_1.1.efi"],
    ],
    [
      "a release that waits for its reboot is called off by asking for the running one",
      STAGED,
      V10,
      ["remove-file minimal_1.1+3-0.efi (superseded)"],
    ],
    [
      "a version that was set aside is taken up again",
      {
        ...UPDATED,
        running: V10,
        entries: { "minimal_1.0.efi": V10, "minimal_1.1+0-0.efi": V11 },
        spareCheck: check("verified"),
      },
      V11,
      ["remove-file minimal_1.1+0-0.efi (rewritten)", ...START_11],
    ],
    [
      "a failed release is tried again when it is asked for",
      { ...FAILED, limits: { ...LIMITS, retryFailed: true } },
      V11,
      ["remove-file minimal_1.1+0-3.efi (rewritten)", "verify-slot B", ...START_11],
    ],
    [
      "a failed version that was built anew is another release",
      FAILED,
      V11_AGAIN,
      ["make-unbootable minimal_1.1+0-3.efi", ...WRITE_B, ...START_11],
    ],
  ];

for (const [what, machine, target, steps] of PLANS) {
  test(what, () => {
    const plan = planUpdate(makeTestFacts(machine), target.release);
    assert.deepEqual(plan.kind === "steps" ? plan.steps.map(say) : plan, steps);
  });
}

test("a machine that runs the release, and will do so at the next boot, has nothing left to do", () => {
  for (const machine of [FRESH, FAILED, { ...UPDATED, running: V11 }])
    assert.deepEqual(planUpdate(makeTestFacts(machine), machine.running.release), { kind: "up-to-date" });
});

const BIG = { ...V11, release: { ...V11.release, slot: { ...V11.release.slot, rootBytes: 1 << 20 } } };
const REFUSALS: readonly [
  machine: TestMachine,
  target: TestRelease,
  gates: readonly string[],
  says: RegExp,
][] = [
  [FRESH, { ...V11, release: { ...V11.release, id: "other" } }, ["system-id"], /"other".*"minimal"/],
  [{ ...FRESH, slots: { A: V09 } }, V11, ["slot"], /no slot of the disk holds the running root/],
  [
    { ...FRESH, entries: { "minimal_1.0+2-1.efi": V10 } },
    V11,
    ["confirmed"],
    /1\.0 is being tried and has not been found good yet \(more tries: 2\)/,
  ],
  [{ ...FRESH, entries: {} }, V11, ["confirmed"], /no boot entry leads to the running 1\.0/],
  [UPDATED, V11_AGAIN, ["other-version"], /two different systems cannot have one version/],
  [UPDATED, V10, ["downgrade"], /1\.0 is older than the running 1\.1, which must be asked for/],
  [
    { ...UPDATED, limits: { ...DOWN, floor: "0.9.5" } },
    V09,
    ["floor"],
    /0\.9 is offered, the floor is 0\.9\.5/,
  ],
  [FAILED, V11, ["quarantine"], /this build of 1\.1 failed .*minimal_1\.1\+0-3\.efi has no tries left/],
  [
    { ...FRESH, limits: { ...LIMITS, quarantined: new Set([V11.release.uki.sha256]) } },
    V11,
    ["quarantine"],
    /this build of 1\.1 failed on this machine$/,
  ],
  [FRESH, BIG, ["slot-size"], /slot B: root 1048576 of 32768 bytes$/],
  [FRESH, makeTestRelease(`1.1-${"x".repeat(21)}`), ["slot-name"], /longest name has 37 of 36/],
  [{ ...FRESH, freeBytes: 65_536 }, V11, ["boot-folder-space"], /needs \d+ bytes of the ESP, 65536 are free/],
];

for (const [machine, { release }, gates, says] of REFUSALS) {
  test(`a closed gate refuses: ${gates.join()}, ${String(says)}`, () => {
    const plan = planUpdate(makeTestFacts(machine), release);
    assert.ok(plan.kind === "refused");
    assert.deepEqual(
      plan.gates.map(({ name }) => name),
      gates,
    );
    assert.match(plan.gates[0]?.says ?? "", says);
  });
}

test("a slot with somebody else's names is not written", () => {
  const table = makeTestTable();
  const partitions = table.partitions.map((part) => (part.number === 6 ? { ...part, name: "photos" } : part));
  const facts = makeTestFacts({
    ...FRESH,
    table: { gpt: { ...table, partitions }, isPrimaryValid: true, isSound: true },
  });
  const plan = planUpdate(facts, V11.release);
  assert.ok(plan.kind === "refused");
  assert.match(plan.gates[0]?.says ?? "", /slot B has partitions named "_empty", "photos", "_empty"/);
});

test("every gate says something, open or closed, of every machine", () => {
  for (const machine of [FRESH, UPDATED, STAGED, FAILED]) {
    const gates = listUpdateGates(makeTestFacts(machine), V12.release);
    assert.ok(gates.every(({ isOpen, says }) => isOpen && says.length > 10));
    assert.equal(new Set(gates.map(({ name }) => name)).size, gates.length);
  }
});

test("room that the update itself makes counts, and a kernel image that is there needs none", () => {
  const freeBytes = 65_536;
  assert.equal(planUpdate(makeTestFacts({ ...UPDATED, freeBytes }), V12.release).kind, "steps");
  assert.equal(planUpdate(makeTestFacts({ ...STAGED, freeBytes: 0 }), V11.release).kind, "steps");
});

test("two names of the running kernel image, one of them used up, are no failed release", () => {
  const entries = { "minimal_1.0.efi": V10, "minimal_1.0+0-3.efi": V10 };
  assert.deepEqual(planUpdate(makeTestFacts({ ...FRESH, entries }), V10.release), { kind: "up-to-date" });
});

test("a kernel image of the right version but with another content is written again", () => {
  const forged = { ...V11, release: { ...V11.release, uki: { sizeBytes: 1, sha256: "ff" } } };
  const entries = { "minimal_1.0.efi": V10, "minimal_1.1+3-0.efi": forged };
  const plan = planUpdate(makeTestFacts({ ...STAGED, entries, spareCheck: check("verified") }), V11.release);
  assert.deepEqual(plan.kind === "steps" && plan.steps.map(say), [
    "remove-file minimal_1.1+3-0.efi (rewritten)",
    ...START_11,
  ]);
});
