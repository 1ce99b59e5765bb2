import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";

import { encodeResetRequest, RESET_REQUEST_PATH } from "#boot/resetRequest.ts";
import { LEVELS, type LevelName } from "#definition/levels.ts";
import { ControlService } from "#protocol/gen/socle/v1/control_pb.ts";
import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";

import type { Publish } from "../events/eventHub.ts";
import { CALLER_HEADER } from "../passCalls.ts";
import { RESTARTABLE_UNITS_PATH } from "../readRestartableUnits.ts";
import { IMAGE } from "../sealedMachine.fixture.ts";
import { createControlCalls } from "./createControlCalls.ts";
import { BOOT_ID, MemoryControlMachine } from "./memoryControlMachine.fixture.ts";
import type { RestartFacts } from "./refuseRestart.ts";

const FAREWELL_MS = 20;

function startControl(level: LevelName = "sealed", files: Readonly<Record<string, string>> = {}) {
  const machine = new MemoryControlMachine({
    "/proc/sys/kernel/hostname": "edge-01\n",
    "/proc/sys/kernel/random/boot_id": `${BOOT_ID}\n`,
    "/usr/lib/socle/image.json": JSON.stringify({ ...IMAGE, level, policies: LEVELS[level] }),
    [RESTARTABLE_UNITS_PATH]: '["nginx.service","web.service"]',
    ...files,
  });
  const log: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const events: Parameters<Publish>[0][] = [];
  const world: { operation: RestartFacts["operation"] } = { operation: undefined };
  const calls = createControlCalls({
    machine,
    findOperation: () => world.operation,
    log: (severity, message, fields = {}) => log.push({ level: severity, message, fields }),
    publish: (event) => events.push(event),
    farewellMs: FAREWELL_MS,
    settleMs: 1,
  });
  const transport = createRouterTransport(calls.register, {
    transport: {
      interceptors: [
        (next) => (request) => {
          request.header.set(CALLER_HEADER, "alice");
          return next(request);
        },
      ],
    },
  });
  return { machine, log, events, world, calls, client: createClient(ControlService, transport) };
}

const refusedWith =
  (code: string, hint = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(error.code, Code.FailedPrecondition);
    const [detail] = error.findDetails(ErrorDetailSchema);
    assert.equal(detail?.code, code);
    assert.match(detail?.hint ?? "", hint);
    return true;
  };

test("a restart is answered first and asked for then, with who and why in the journal", async () => {
  const { client, machine, log } = startControl();
  await client.reboot({ reason: "new memory" });
  assert.deepEqual(machine.done, [], "the answer is out before systemd stops those who carry it");
  await sleep(3 * FAREWELL_MS);
  assert.deepEqual(machine.done, ["reboot"]);
  assert.deepEqual(log, [
    {
      level: "warning",
      message: "the machine restarts",
      fields: { caller: "alice", reason: "new memory", force: false },
    },
  ]);
  await client.powerOff({});
  await sleep(3 * FAREWELL_MS);
  assert.deepEqual(machine.done, ["reboot", "poweroff"]);
});

test("whoever watches is told what was asked for, by whom and why, and what did not come of it", async () => {
  const { client, machine, events } = startControl();
  const tell = () =>
    events.splice(0).map(({ value }) => {
      const { action, state, who, reason = "", unit = "" } = value as Record<string, string>;
      return [action, state, who, reason, unit].filter((word) => word !== "").join(" ");
    });
  await client.reboot({ reason: "memory".padEnd(600, "!") });
  assert.deepEqual(tell(), [`reboot asked alice ${"memory".padEnd(500, "!")}`], "before it is done");
  await client.powerOff({});
  assert.deepEqual(tell(), ["power-off asked alice"]);
  await client.reset({ confirmName: "edge-01" });
  assert.deepEqual(tell(), ["reset asked alice"]);
  await sleep(3 * FAREWELL_MS);

  machine.failure = new Error("no");
  await client.reboot({});
  await sleep(3 * FAREWELL_MS);
  assert.deepEqual(tell(), ["reboot asked alice", "reboot failed alice"]);
  machine.locks = [{ name: "backup", reason: "nightly" }];
  await assert.rejects(client.reboot({}));
  assert.deepEqual(tell(), [], "what was refused changes nothing");

  machine.units.set("nginx.service", ACTIVE);
  await client.restartUnit({ name: "nginx.service" });
  assert.deepEqual(tell(), [
    "restart-unit asked alice nginx.service",
    "restart-unit done alice nginx.service",
  ]);
  await assert.rejects(client.restartUnit({ name: "web.service" }));
  assert.deepEqual(tell(), ["restart-unit asked alice web.service", "restart-unit failed alice web.service"]);
  await assert.rejects(client.restartUnit({ name: "sshd.service" }));
  assert.deepEqual(tell(), []);
});

test("a lock stands against restart, power off and reset, until they are forced", async () => {
  const { client, machine } = startControl();
  machine.locks = [{ name: "backup", reason: "nightly" }];
  const name = { confirmName: "edge-01" };
  await assert.rejects(client.reboot({}), refusedWith("restart-locked", /--force/));
  await assert.rejects(client.powerOff({}), refusedWith("restart-locked"));
  await assert.rejects(client.reset(name), refusedWith("restart-locked"));
  await sleep(3 * FAREWELL_MS);
  assert.deepEqual(machine.done, [], "nothing was prepared either");
  await client.reboot({ force: true });
  await client.reset({ ...name, force: true });
  await sleep(3 * FAREWELL_MS);
  assert.deepEqual(machine.done, [`write ${RESET_REQUEST_PATH}`, "reboot by force", "reboot by force"]);
});

test("nothing takes a machine down while an update is written to it, force or not", async () => {
  const { client, machine, world } = startControl();
  world.operation = { kind: "apply", version: "1.1", caller: "policy" };
  for (const force of [false, true]) {
    await assert.rejects(client.reboot({ force }), refusedWith("update-running", /update cancel/));
    await assert.rejects(client.powerOff({ force }), refusedWith("update-running"));
    await assert.rejects(client.reset({ confirmName: "edge-01", force }), refusedWith("update-running"));
  }
  await sleep(3 * FAREWELL_MS);
  assert.deepEqual(machine.done, []);
});

test("a reset leaves its request on the disk before it answers, for the next start alone", async () => {
  for (const keepConfiguration of [false, true]) {
    const { client, machine } = startControl();
    await client.reset({ confirmName: "edge-01", keepConfiguration });
    assert.deepEqual(machine.done, [`write ${RESET_REQUEST_PATH}`]);
    assert.equal(
      machine.files.get(RESET_REQUEST_PATH),
      encodeResetRequest({
        kind: keepConfiguration ? "keep-configuration" : "everything",
        bootId: BOOT_ID,
        caller: "alice",
      }),
    );
    await sleep(3 * FAREWELL_MS);
    assert.deepEqual(machine.done.slice(1), ["reboot by force"]);
  }
});

test("at the level total a reset is a restart, at classic there is none", async () => {
  const total = startControl("total");
  await total.client.reset({ confirmName: "edge-01" });
  await sleep(3 * FAREWELL_MS);
  assert.deepEqual(total.machine.done, ["reboot by force"]);
  const classic = startControl("classic");
  await assert.rejects(classic.client.reset({ confirmName: "edge-01" }), refusedWith("reset-not-possible"));
  await assert.rejects(classic.client.reset({ confirmName: "edge-02" }), refusedWith("name-differs"));
  assert.deepEqual(classic.machine.done, []);
});

test("a machine that systemd does not take down is not reset at some later start", async () => {
  const { client, machine, log } = startControl();
  machine.failure = new Error("the manager does not answer");
  await client.reset({ confirmName: "edge-01" });
  await sleep(3 * FAREWELL_MS);
  assert.ok(!machine.files.has(RESET_REQUEST_PATH));
  assert.match(log.at(-1)?.message ?? "", /the machine stays/);
});

test("a request that an initrd passed over is dropped, one of this boot stays", async () => {
  const toFiles = (bootId: string) => ({
    [RESET_REQUEST_PATH]: encodeResetRequest({ kind: "everything", bootId, caller: "bo" }),
  });
  const cases: [files: Record<string, string>, stays: boolean][] = [
    [toFiles(BOOT_ID), true],
    [toFiles("7d2b4d94-9b0d-4c9d-8a2c-9d5110a3a06f"), false],
    [{ [RESET_REQUEST_PATH]: "" }, false],
  ];
  for (const [files, stays] of cases) {
    const { calls, machine, log } = startControl("sealed", files);
    await calls.start?.(() => () => {}, new AbortController().signal);
    assert.equal(machine.files.has(RESET_REQUEST_PATH), stays);
    assert.equal(log.length, stays ? 0 : 1);
  }
});

const ACTIVE = { LoadState: "loaded", ActiveState: "active", SubState: "running", Result: "success" };
const FAILED = { LoadState: "loaded", ActiveState: "failed", SubState: "failed", Result: "exit-code" };

test("a unit that the definition lists is restarted, and its state is the answer", async () => {
  const { client, machine } = startControl();
  machine.units.set("nginx.service", ACTIVE);
  assert.equal((await client.restartUnit({ name: "nginx.service" })).active, "active");
  machine.units.set("nginx.service", { ...ACTIVE, ActiveState: "inactive", SubState: "dead" });
  assert.equal((await client.restartUnit({ name: "nginx.service" })).active, "inactive", "its work is done");
});

test("any other unit is refused, and nothing is asked of systemd", async () => {
  const { client, machine } = startControl();
  for (const name of ["sshd.service", "nginx", "", "--all", "nginx.service web.service", "*.service"])
    await assert.rejects(
      client.restartUnit({ name }),
      refusedWith("unit-not-restartable", /^It lists: nginx\.service, web\.service\n/),
    );
  assert.deepEqual(machine.done, []);
  const none = startControl("sealed", { [RESTARTABLE_UNITS_PATH]: "[]" });
  await assert.rejects(
    none.client.restartUnit({ name: "nginx.service" }),
    refusedWith("unit-not-restartable", /^It lists none\./),
  );
});

const FAILURES: readonly (readonly [
  what: string,
  state: Record<string, string> | undefined,
  says: RegExp,
])[] = [
  ["fails", FAILED, /it ended with exit-code/],
  [
    "crashes and is started again",
    { ...ACTIVE, ActiveState: "activating", SubState: "auto-restart", Result: "signal" },
    /it ended with signal/,
  ],
  ["is masked", { ...FAILED, LoadState: "masked", ActiveState: "inactive" }, /it is masked/],
  ["is not there", undefined, /there is no such unit/],
  [
    "does not come up",
    { ...ACTIVE, ActiveState: "activating", SubState: "start" },
    /it is activating \(start\)/,
  ],
];

for (const [what, state, says] of FAILURES) {
  test(`a unit that ${what} is an error, with the last that it said`, async () => {
    const { client, machine } = startControl();
    if (state !== undefined) machine.units.set("web.service", state);
    machine.lines.set("web.service", ["cannot bind :8080", "\u001B[2Jgone"]);
    await assert.rejects(client.restartUnit({ name: "web.service" }), (error) => {
      assert.match(String(error), says);
      return refusedWith("unit-restart-failed", /\n {2}cannot bind :8080\n {2}\?\[2Jgone$/)(error);
    });
  });
}

test("a restart that takes too long is told of as it stands", async () => {
  const { client, machine } = startControl();
  machine.units.set("web.service", { ...ACTIVE, ActiveState: "deactivating", SubState: "stop-sigterm" });
  machine.endless.add("web.service");
  await assert.rejects(client.restartUnit({ name: "web.service" }), (error) => {
    assert.match(String(error), /after a long time it is still deactivating \(stop-sigterm\)/);
    return refusedWith("unit-restart-failed", /socle logs -u web\.service/)(error);
  });
});
