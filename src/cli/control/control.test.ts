import assert from "node:assert/strict";
import { test } from "node:test";

import { MachineCallError, MachineRefusal } from "../callMachine.ts";
import { MachineIdentityError } from "../connectMachine.ts";
import { EXIT_CODE } from "../exitCode.ts";
import { createMemoryContext, toRefusedCall } from "../update/playedMachine.fixture.ts";
import { UsageError } from "../usageError.ts";
import { leaveMachine } from "./leaveMachine.ts";
import { PlayedControl } from "./playedControl.fixture.ts";
import { restartUnit } from "./restartUnit.ts";

const YES = { yes: true } as const;
const WAIT = { yes: true, wait: true } as const;

test("a restart is asked for with its reason, and not waited for unless that is said", async () => {
  await using machine = await PlayedControl.start();
  const { context, said } = createMemoryContext();
  assert.equal(
    await leaveMachine(machine.access, "reboot", { ...YES, reason: "new memory" }, context),
    EXIT_CODE.ok,
  );
  assert.equal(said.stdout, "✓ edge restarts\n");
  assert.equal(
    await leaveMachine(machine.access, "poweroff", { ...YES, force: true }, context),
    EXIT_CODE.ok,
  );
  assert.deepEqual(
    [...machine.asked.reboot, ...machine.asked.powerOff].map(({ reason, force }) => [reason, force]),
    [
      ["new memory", false],
      ["", true],
    ],
  );
});

test("without a terminal nothing happens without --yes, and what would happen is shown", async () => {
  await using machine = await PlayedControl.start();
  const plans = {
    reboot: /^Restart edge\n$/,
    poweroff: /^Switch edge off\n/,
    reset: /^Reset edge, which calls itself "edge-01"\n {2}goes .*data.*configuration, key\n/,
  };
  for (const verb of ["reboot", "poweroff", "reset"] as const) {
    const { context, said } = createMemoryContext();
    await assert.rejects(leaveMachine(machine.access, verb, {}, context), UsageError);
    assert.match(said.stderr, plans[verb]);
  }
  assert.deepEqual(machine.asked, { reboot: [], powerOff: [], reset: [], units: [] });
});

test("a restart is followed until the machine answers from another boot", async () => {
  await using machine = await PlayedControl.start();
  const { context, said, lines } = createMemoryContext({ output: "json" });
  const left = leaveMachine(machine.access, "reboot", WAIT, context);
  await machine.whenTold("reboot");
  await machine.whenAskedForStatus(2); // it still goes down
  await machine.goAway();
  Object.assign(machine, { bootId: "boot-2", version: "1.1" });
  await machine.comeBack();
  assert.equal(await left, EXIT_CODE.ok);
  assert.deepEqual(JSON.parse(said.stdout), {
    apiVersion: "socle/v1",
    kind: "ControlResult",
    machine: "edge",
    action: "reboot",
    outcome: "back",
    bootId: "boot-2",
    runningVersion: "1.1",
  });
  assert.deepEqual(lines(), ["reboot: back, running 1.1"]);
});

test("a machine that does not come back, or does not go, ends the waiting with what that means", async () => {
  await using machine = await PlayedControl.start();
  const { context } = createMemoryContext();
  const hasTimedOut = (error: unknown) => error instanceof MachineCallError && error.code === "timeout";
  const patient = { ...context, patience: { intervalMs: 5, standstillMs: 60 } };
  await assert.rejects(leaveMachine(machine.access, "reboot", WAIT, patient), hasTimedOut);
  await assert.rejects(leaveMachine(machine.access, "poweroff", WAIT, patient), hasTimedOut);
});

test("a power off is followed until nothing answers", async () => {
  await using machine = await PlayedControl.start();
  const { context, said } = createMemoryContext();
  const left = leaveMachine(machine.access, "poweroff", WAIT, context);
  await machine.whenTold("powerOff");
  await machine.whenAskedForStatus(1);
  await machine.goAway();
  assert.equal(await left, EXIT_CODE.ok);
  assert.equal(said.stdout, "✓ edge does not answer any more\n");
});

test("a reset names the machine as it calls itself, and a new key is then what was wanted", async () => {
  await using machine = await PlayedControl.start();
  const { context, said } = createMemoryContext();
  const left = leaveMachine(machine.access, "reset", { ...WAIT, reason: "sold" }, context);
  await machine.whenTold("reset");
  await machine.whenAskedForStatus(1);
  await machine.goAway();
  await machine.comeBack({ asNew: true });
  assert.equal(await left, EXIT_CODE.ok);
  assert.match(said.stdout, /^✓ edge is back as a new machine[^]*socle config apply --insecure/);
  const { confirmName, keepConfiguration, reason } = machine.asked.reset[0]!;
  assert.deepEqual([confirmName, keepConfiguration, reason], ["edge-01", false, "sold"]);
});

test("after a restart, or a reset that keeps the configuration, another key is an alarm", async () => {
  for (const [verb, options] of [
    ["reboot", WAIT],
    ["reset", { ...WAIT, keepConfiguration: true }],
  ] as const) {
    await using machine = await PlayedControl.start();
    const { context } = createMemoryContext();
    const left = leaveMachine(machine.access, verb, options, context);
    const isAlarmed = assert.rejects(left, MachineIdentityError);
    await machine.whenTold(verb);
    await machine.whenAskedForStatus(1);
    await machine.goAway();
    await machine.comeBack({ asNew: true });
    await isAlarmed;
  }
});

test("Ctrl-C ends the looking on, and says that the machine goes on", async () => {
  await using machine = await PlayedControl.start();
  const { context, said, interrupt } = createMemoryContext();
  const left = leaveMachine(machine.access, "reset", WAIT, context);
  await machine.whenTold("reset");
  await machine.whenAskedForStatus(1);
  interrupt();
  assert.equal(await left, EXIT_CODE.interrupted);
  assert.match(said.stderr, /^edge restarts, and is made anew on the way all the same/);
});

test("what the machine refuses is its own code and hint", async () => {
  await using machine = await PlayedControl.start();
  machine.refusal = toRefusedCall("restart-locked", "Cannot restart now: locked by backup", "add --force");
  const { context } = createMemoryContext();
  const isTold = (error: unknown) =>
    error instanceof MachineRefusal && error.code === "restart-locked" && error.hint === "add --force";
  await assert.rejects(leaveMachine(machine.access, "reboot", WAIT, context), isTold);
  await assert.rejects(restartUnit(machine.access, "web.service", context), isTold);
});

test("a unit's restart is told with the state that it came to", async () => {
  await using machine = await PlayedControl.start();
  const table = createMemoryContext();
  assert.equal(await restartUnit(machine.access, "nginx.service", table.context), EXIT_CODE.ok);
  assert.equal(table.said.stdout, "✓ nginx.service was restarted on edge, and is active\n");
  const json = createMemoryContext({ output: "json" });
  await restartUnit(machine.access, "nginx.service", json.context);
  assert.deepEqual(JSON.parse(json.said.stdout), {
    apiVersion: "socle/v1",
    kind: "UnitRestart",
    machine: "edge",
    unit: "nginx.service",
    active: "active",
  });
});
