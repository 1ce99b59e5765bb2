import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Slot } from "#protocol/gen/socle/v1/machine_pb.ts";
import { Phase, UpdateOutcome } from "#protocol/gen/socle/v1/update_pb.ts";

import { MachineCallError, MachineRefusal } from "../callMachine.ts";
import { rollback } from "../commands/rollback.ts";
import { updateApply } from "../commands/updateApply.ts";
import { updateWatch } from "../commands/updateWatch.ts";
import { EXIT_CODE } from "../exitCode.ts";
import { UsageError } from "../usageError.ts";
import {
  createMemoryContext,
  PlayedMachine,
  toOperation,
  toRefusedCall,
  type EventInit,
  type StateInit,
} from "./playedMachine.fixture.ts";

const BEFORE: StateInit = {
  phase: Phase.CONFIRMED,
  id: "minimal",
  runningVersion: "1.0",
  bootId: "boot-1",
  wayBackVersion: "0.9",
  slots: [
    { slot: Slot.A, content: "holds", version: "1.0", running: true },
    { slot: Slot.B, content: "holds", version: "0.9" },
  ],
};

const PLAN = {
  runningVersion: "1.0",
  release: { id: "minimal", version: "1.1", rootHash: "ab".repeat(32), sizeBytes: 61_000_000n },
  steps: [{ kind: "write-slot", says: "write 1.1 into slot B" }],
  fetchBytes: 61_000_000n,
  slot: Slot.B,
  lostVersion: "0.9",
  wayBackVersion: "1.0",
  needsReboot: true,
};

const HEALTHY = [
  { name: "unit nginx.service", verdict: "pass", says: "active" },
  { name: "probe api", verdict: "pass", says: "200 within 40 ms" },
];
const SICK = [HEALTHY[0]!, { name: "probe api", verdict: "fail", says: "connection refused on :8080" }];

const STEPS: EventInit["event"][] = [
  { case: "started", value: { id: "op", kind: "apply", version: "1.1", caller: "alice" } },
  { case: "step", value: { kind: "resolve", says: "1.1 of channel stable" } },
  { case: "step", value: { kind: "write-slot", says: "write slot B" } },
  {
    case: "progress",
    value: { kind: "write-slot", doneBytes: 2_000_000n, totalBytes: 4_000_000n, fetchedBytes: 900_000n },
  },
  {
    case: "progress",
    value: { kind: "write-slot", doneBytes: 4_000_000n, totalBytes: 4_000_000n, fetchedBytes: 1_800_000n },
  },
  { case: "step", value: { kind: "verify-slot", says: "read slot B back" } },
];
const RESTART: EventInit["event"] = { case: "step", value: { kind: "reboot", says: "restarts the machine" } };
const toFinished = (outcome: UpdateOutcome, more: object = {}): EventInit["event"] => ({
  case: "finished",
  value: { outcome, version: "1.1", ...more },
});

const WRITTEN = [
  "resolve: 1.1 of channel stable",
  "write-slot: 4.0 MB, 1.8 MB fetched",
  "verify-slot: read slot B back",
];

const YES = { yes: true, reboot: true } as const;

/** A machine that can be updated to 1.1, and then does what the test says. */
async function startMachine(): Promise<PlayedMachine> {
  const machine = await PlayedMachine.start(BEFORE);
  machine.plan = PLAN;
  return machine;
}

function playAll(events: readonly EventInit["event"][]): PlayedMachine["events"] {
  return async function* () {
    yield* toOperation("op", events);
  };
}

/** Before the operation, and twice after its last event. */
const ASKED_AFTER_OPERATION = 3;

/** Restarts once for each state, as soon as the one before was seen. */
async function restart(machine: PlayedMachine, states: readonly StateInit[]): Promise<void> {
  let asked = ASKED_AFTER_OPERATION;
  for (const state of states) {
    await machine.whenAskedForState(asked);
    await machine.goAway();
    machine.state = state;
    await machine.comeBack();
    asked = 2;
  }
}

const RUNS_1_1: StateInit = {
  ...BEFORE,
  runningVersion: "1.1",
  bootId: "boot-2",
  wayBackVersion: "1.0",
  healthReports: [{ bootId: "boot-2", version: "1.1", verdict: "pass", checks: HEALTHY }],
};

test("a good update is followed over the restart and its checks, up to the verdict", async () => {
  await using machine = await startMachine();
  machine.events = playAll([...STEPS, RESTART, toFinished(UpdateOutcome.REBOOTING)]);
  const { context, said, lines } = createMemoryContext();
  const trying = { ...RUNS_1_1, phase: Phase.TRYING, bootsLeft: 2, healthReports: [] };
  const applied = updateApply(machine.access, YES, context);
  await restart(machine, [trying]);
  await machine.whenAskedForState(2);
  machine.state = RUNS_1_1;
  assert.equal(await applied, EXIT_CODE.ok);
  assert.equal(said.stdout, "✓ edge-01 runs 1.1\n  Health   2 of 2 checks passed\n");
  assert.equal(said.stderr, "");
  assert.deepEqual(lines(), [...WRITTEN, "reboot: back, running 1.1", "checks: 2 of 2 passed"]);
  assert.equal(
    machine.asked.apply[0]?.target?.version,
    "1.1",
    "what was planned, not what is newest by then",
  );
  assert.equal(machine.asked.apply[0]?.reboot, true);
});

test("a version that was not found good ends with 7, with what failed and what to do", async () => {
  await using machine = await startMachine();
  machine.events = playAll([...STEPS, RESTART, toFinished(UpdateOutcome.REBOOTING)]);
  const { context, said, lines } = createMemoryContext();
  const toReport = (bootId: string) => ({ bootId, version: "1.1", verdict: "fail", checks: SICK });
  const applied = updateApply(machine.access, YES, context);
  await restart(machine, [
    { ...RUNS_1_1, phase: Phase.TRYING, bootsLeft: 2, healthReports: [] },
    { ...RUNS_1_1, phase: Phase.TRYING, bootsLeft: 1, bootId: "boot-3", healthReports: [toReport("boot-2")] },
    {
      ...BEFORE,
      phase: Phase.ROLLED_BACK,
      bootId: "boot-4",
      otherVersion: "1.1",
      quarantined: [
        {
          version: "1.1",
          digest: "cd".repeat(32),
          reason: "2 boots failed",
          evidence: [toReport("boot-3"), toReport("boot-2")],
        },
      ],
    },
  ]);
  assert.equal(await applied, EXIT_CODE.rolledBack);
  assert.equal(
    said.stdout,
    `\
✗ edge-01 rolled back: 1.1 was not found good, 1.0 runs
  2 boots failed
  ✗ probe api: connection refused on :8080 (in 2 boots)
  This build is not tried again until:  socle update apply edge-01 --retry
`,
  );
  assert.deepEqual(lines(), [
    ...WRITTEN,
    "reboot: back, running 1.1",
    "checks FAILED: 1.1 was not found good",
  ]);
});

test("a version that never came up is told from the version that came back", async () => {
  await using machine = await startMachine();
  machine.events = playAll([...STEPS, RESTART, toFinished(UpdateOutcome.REBOOTING)]);
  const { context, said } = createMemoryContext({ output: "json" });
  const applied = updateApply(machine.access, YES, context);
  await restart(machine, [{ ...BEFORE, phase: Phase.ROLLED_BACK, bootId: "boot-5", otherVersion: "1.1" }]);
  assert.equal(await applied, EXIT_CODE.rolledBack);
  assert.deepEqual(JSON.parse(said.stdout), {
    apiVersion: "socle/v1",
    kind: "UpdateResult",
    machine: "edge-01",
    operation: "apply",
    outcome: "rolled-back",
    from: "1.0",
    version: "1.1",
    running: "1.0",
    gates: [],
    reason: null,
    health: [],
  });
});

test("a machine that does not come back is waited for, and then the waiting ends with 6", async () => {
  await using machine = await startMachine();
  machine.events = playAll([toFinished(UpdateOutcome.REBOOTING)]);
  const { context } = createMemoryContext();
  const patience = { intervalMs: 10, standstillMs: 150 };
  const applied = updateApply(machine.access, YES, { ...context, patience });
  const isGivenUp = assert.rejects(
    applied,
    (error) =>
      error instanceof MachineCallError && error.code === "timeout" && /goes on/.test(error.hint ?? ""),
  );
  await machine.whenAskedForState(ASKED_AFTER_OPERATION);
  await machine.goAway();
  await isGivenUp;
});

test("events that break off are taken up again where they were, each told once", async () => {
  await using machine = await startMachine();
  const { context, said, lines, reported } = createMemoryContext();
  const all = toOperation("op", [...STEPS, toFinished(UpdateOutcome.STAGED)]);
  machine.events = async function* () {
    yield* all.slice(0, 4);
    machine.state = { ...BEFORE, operation: { id: "op", kind: "apply", version: "1.1" } };
    while (reported.length < 4) await sleep(2);
    void machine.goAway();
  };
  machine.watched = async function* () {
    yield* all;
  };
  const applied = updateApply(machine.access, { ...YES, reboot: false }, context);
  await sleep(200);
  await machine.comeBack();
  assert.equal(await applied, EXIT_CODE.ok);
  assert.deepEqual(lines(), WRITTEN);
  assert.equal(said.stdout, "✓ 1.1 is staged on edge-01, and starts at the next boot\n");
});

test("an operation that ended unseen is told by what it left", async () => {
  await using machine = await startMachine();
  machine.events = async function* () {
    yield* toOperation("op", STEPS);
    machine.state = { ...BEFORE, phase: Phase.STAGED, otherVersion: "1.1", bootsLeft: 3 };
  };
  const { context, said } = createMemoryContext();
  assert.equal(await updateApply(machine.access, { ...YES, reboot: false }, context), EXIT_CODE.ok);
  assert.match(said.stdout, /^✓ 1\.1 is staged on edge-01/);

  machine.state = BEFORE;
  machine.events = playAll(STEPS);
  await assert.rejects(
    updateApply(machine.access, YES, context),
    (error) => error instanceof MachineRefusal && /nobody saw how/.test(error.message),
  );
});

test("an update that fails ends in the machine's words, with its code and hint", async () => {
  await using machine = await startMachine();
  const failure = {
    code: "target-tampered",
    message: "the root is not what was signed",
    hint: "tell the publisher",
  };
  machine.events = playAll([...STEPS, toFinished(UpdateOutcome.FAILED, failure)]);
  const { context, lines } = createMemoryContext();
  await assert.rejects(updateApply(machine.access, YES, context), (error) => {
    assert.ok(error instanceof MachineRefusal);
    assert.deepEqual({ code: error.code, message: error.message, hint: error.hint }, failure);
    return true;
  });
  assert.equal(lines().at(-1), `verify-slot FAILED: ${failure.message}`);

  machine.events = () => {
    throw toRefusedCall("busy", "another operation runs", "socle update watch");
  };
  await assert.rejects(
    updateApply(machine.access, YES, context),
    (error) => error instanceof MachineRefusal && error.code === "busy",
  );
});

test("what a gate refuses is not begun, and the exit code tells verification from the rest", async () => {
  const cases: [gate: string, exitCode: number][] = [
    ["floor", EXIT_CODE.verificationFailed],
    ["network", EXIT_CODE.unreachable],
    ["hold", EXIT_CODE.failed],
  ];
  for (const [name, exitCode] of cases) {
    await using machine = await startMachine();
    const gate = { name, open: false, says: "it is closed", hint: "open it", lookedAt: true };
    machine.plan = { ...PLAN, steps: [], gates: [gate] };
    const { context, said } = createMemoryContext();
    assert.equal(await updateApply(machine.access, YES, context), exitCode);
    assert.deepEqual(machine.asked.apply, []);
    assert.equal(
      said.stdout,
      `\
✗ refused for edge-01: 1.0 → 1.1; nothing was written
✗ ${name.padEnd(17)}  it is closed
                     Fix  open it
`,
    );
    machine.plan = PLAN;
    machine.events = playAll([toFinished(UpdateOutcome.REFUSED, { gates: [gate] })]);
    assert.equal(await updateApply(machine.access, YES, context), exitCode, "closed between plan and apply");
  }
});

test("without a terminal nothing happens without --yes, and the plan is shown", async () => {
  await using machine = await startMachine();
  const { context, said } = createMemoryContext();
  await assert.rejects(
    updateApply(machine.access, { reboot: true }, context),
    (error) => error instanceof UsageError && error.code === "needs-confirmation",
  );
  assert.match(said.stderr, /^Plan for edge-01 {3}1\.0 → 1\.1\n/);
  assert.equal(await updateApply(machine.access, { reboot: true, dryRun: true }, context), EXIT_CODE.ok);
  assert.deepEqual(machine.asked.apply, []);
});

test("Ctrl-C stops the looking on: the machine is told nothing, the person how to go on", async () => {
  await using machine = await startMachine();
  let isOver = false;
  machine.events = async function* (signal) {
    yield* toOperation("op", STEPS);
    await sleep(5_000, undefined, { signal }).catch(() => (isOver = true));
  };
  const { context, interrupt, lines, said } = createMemoryContext();
  const applied = updateApply(machine.access, YES, context);
  while (lines().length < 2) await sleep(5);
  interrupt();
  assert.equal(await applied, EXIT_CODE.interrupted);
  assert.deepEqual(lines().slice(-3), [
    "Still running on edge-01.",
    "  Follow   socle update watch edge-01",
    "  Cancel   socle update cancel edge-01",
  ]);
  assert.equal(said.stdout, "");
  while (!isOver) await sleep(5);
});

test("another's update is watched to its end, and that one was cancelled is no success", async () => {
  await using machine = await startMachine();
  machine.state = { ...BEFORE, operation: { id: "op", kind: "apply", version: "1.1", caller: "policy" } };
  machine.watched = playAll([...STEPS, toFinished(UpdateOutcome.CANCELLED)]);
  const { context, said } = createMemoryContext();
  assert.equal(await updateWatch(machine.access, context), EXIT_CODE.failed);
  assert.equal(said.stdout, "✗ cancelled: edge-01 boots 1.0 as before\n");
});

test("a trial that goes on is watched to its verdict, and quiet is said to be quiet", async () => {
  await using machine = await startMachine();
  const { context, said, lines } = createMemoryContext();
  assert.equal(await updateWatch(machine.access, context), EXIT_CODE.ok);
  assert.equal(said.stdout, "Nothing goes on on edge-01: it runs 1.0, and is confirmed\n");
  machine.state = { ...RUNS_1_1, phase: Phase.TRYING, bootsLeft: 2 };
  const watched = updateWatch(machine.access, context);
  await machine.whenAskedForState(3);
  machine.state = RUNS_1_1;
  assert.equal(await watched, EXIT_CODE.ok);
  assert.deepEqual(lines(), ["checks: 2 of 2 passed"]);
});

test("a rollback shows where it goes, and is followed like an update", async () => {
  await using machine = await startMachine();
  const { context, said } = createMemoryContext();
  assert.equal(await rollback(machine.access, { reboot: true, dryRun: true }, context), EXIT_CODE.ok);
  assert.equal(
    said.stdout,
    `\
Plan for edge-01   1.0 → 0.9 (slot B, good)
  reboot       now
  data         /var stays as it is
`,
  );
  machine.events = playAll([
    { case: "started", value: { id: "op", kind: "rollback", version: "0.9" } },
    { case: "finished", value: { outcome: UpdateOutcome.REBOOTING, version: "0.9" } },
  ]);
  const went = rollback(machine.access, YES, context);
  await restart(machine, [{ ...BEFORE, runningVersion: "0.9", bootId: "boot-2" }]);
  assert.equal(await went, EXIT_CODE.ok);
  assert.match(said.stdout, /✓ edge-01 runs 0\.9 again\n$/);
  assert.deepEqual(machine.asked.rollback, [true]);
});

test("what is staged is taken back without a restart", async () => {
  await using machine = await startMachine();
  machine.state = { ...BEFORE, phase: Phase.STAGED, otherVersion: "1.1", wayBackVersion: "", bootsLeft: 3 };
  machine.events = playAll([{ case: "finished", value: { outcome: UpdateOutcome.STAGED, version: "1.0" } }]);
  const { context, said } = createMemoryContext();
  await assert.rejects(rollback(machine.access, { reboot: true }, context), UsageError);
  assert.equal(said.stderr, "Plan for edge-01   1.1 is staged and will not start; 1.0 stays\n");
  assert.equal(await rollback(machine.access, YES, context), EXIT_CODE.ok);
  assert.equal(said.stdout, "✓ edge-01 stays on 1.0: what was staged does not start\n");
});

test("without a version to go back to a rollback is refused", async () => {
  await using machine = await startMachine();
  machine.state = { ...BEFORE, wayBackVersion: "", phase: Phase.IDLE };
  const { context, said } = createMemoryContext();
  assert.equal(await rollback(machine.access, YES, context), EXIT_CODE.failed);
  assert.match(said.stdout, /^✗ refused for edge-01: .*\n✗ way-back +there is no other version/);
  assert.deepEqual(machine.asked.rollback, []);
});
