import assert from "node:assert/strict";
import { test } from "node:test";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Slot } from "#protocol/gen/socle/v1/machine_pb.ts";
import { Phase } from "#protocol/gen/socle/v1/update_pb.ts";

import { updateCancel } from "../commands/updateCancel.ts";
import { updateHold, updateUnhold } from "../commands/updateHold.ts";
import { createPlanView } from "../commands/updatePlan.ts";
import { createWhyView } from "../commands/updateWhy.ts";
import { EXIT_CODE } from "../exitCode.ts";
import { showView } from "../view/showView.ts";
import { createMemoryContext, PlayedMachine } from "./playedMachine.fixture.ts";

const RELEASE = { id: "minimal", version: "1.1", rootHash: "ab".repeat(32), sizeBytes: 61_000_000n };
const PLAN = {
  runningVersion: "1.0",
  release: RELEASE,
  gates: [
    {
      name: "window",
      open: false,
      says: "it is outside the window Sat, Sun 02:00–04:00 Europe/Paris",
      lookedAt: true,
      automaticOnly: true,
    },
    { name: "hold", open: true, says: "nothing is held", lookedAt: true },
  ],
  steps: [
    { kind: "write-slot", says: "write 1.1 into slot B" },
    { kind: "reboot", says: "restart" },
  ],
  fetchBytes: 61_000_000n,
  slot: Slot.B,
  lostVersion: "0.9",
  wayBackVersion: "1.0",
  needsReboot: true,
  packages: [
    { name: "chrony", from: "", to: "4.6.1-3" },
    { name: "openssl", from: "3.5.1-1", to: "3.5.4-1~deb13u1" },
    { name: "systemd-timesyncd", from: "257.8-1", to: "" },
  ],
  units: [
    { name: "chrony.service", change: "added" },
    { name: "systemd-timesyncd.service", change: "removed" },
    { name: "nginx.service", change: "changed" },
  ],
};

const isNarrow = (text: string) => text.split("\n").every((line) => line.length <= 80);

test("a plan says where, how much, how it is undone, and what changes", async () => {
  await using machine = await PlayedMachine.start({ phase: Phase.CONFIRMED });
  machine.plan = PLAN;
  const { context, said } = createMemoryContext();
  const options = { repository: "http://10.0.2.2:8080/", allowDowngrade: true } as const;
  assert.equal(
    await showView({ machine: machine.access }, createPlanView(options), {}, context),
    EXIT_CODE.ok,
  );
  assert.equal(
    said.stdout,
    `\
Plan for edge-01   1.0 → 1.1
  write to     slot B (its 0.9 is lost)
  download     at most 61.0 MB
  reboot       needed
  undo         automatic: failed boots or failed checks return to 1.0

Packages   3 changed
  + chrony 4.6.1-3
  ~ openssl 3.5.1-1 → 3.5.4-1~deb13u1
  - systemd-timesyncd 257.8-1

Units   3 changed
  + chrony.service
  - systemd-timesyncd.service
  ~ nginx.service
`,
  );
  assert.ok(isNarrow(said.stdout));
  const { $typeName: _name, ...target } = machine.asked.plan[0]?.target ?? {};
  assert.deepEqual(target, {
    repositoryUrl: "http://10.0.2.2:8080/",
    channel: "",
    version: "",
    allowDowngrade: true,
    retryFailed: false,
  });
});

test("the plan for programs has numbers, null for nothing, and says whether it would be refused", async () => {
  await using machine = await PlayedMachine.start({ phase: Phase.IDLE });
  const gate = { name: "downgrade", open: false, says: "0.9 is older", lookedAt: true, automaticOnly: false };
  machine.plan = { runningVersion: "1.0", release: { ...RELEASE, version: "0.9" }, gates: [gate] };
  const { context, said } = createMemoryContext({ output: "json" });
  assert.equal(
    await showView({ machine: machine.access }, createPlanView({}), {}, context),
    EXIT_CODE.verificationFailed,
  );
  assert.deepEqual(JSON.parse(said.stdout), {
    apiVersion: "socle/v1",
    kind: "UpdatePlan",
    machine: "edge-01",
    runningVersion: "1.0",
    release: { id: "minimal", version: "0.9", rootHash: "ab".repeat(32), sizeBytes: 61_000_000 },
    refused: true,
    gates: [{ ...gate, opensAt: null, hint: null }],
    steps: [],
    fetchBytes: 0,
    slot: null,
    lostVersion: null,
    wayBackVersion: null,
    needsReboot: false,
    packages: [],
    units: [],
  });
});

test("a machine that runs the release has nothing to do", async () => {
  await using machine = await PlayedMachine.start({ phase: Phase.CONFIRMED });
  machine.plan = { runningVersion: "1.1", release: RELEASE };
  const { context, said } = createMemoryContext();
  assert.equal(await showView({ machine: machine.access }, createPlanView({}), {}, context), EXIT_CODE.ok);
  assert.equal(said.stdout, "edge-01 runs 1.1 already: nothing to do\n");
});

/** From the moment of the call: minutes are rounded, so half of one may go by until it is shown. */
const inSixHours = () => timestampFromDate(new Date(Date.now() + 6 * 3_600_000));

test("why answers in its first line, and shows every gate with what opens it", async () => {
  await using machine = await PlayedMachine.start({ phase: Phase.CONFIRMED });
  machine.why = {
    runningVersion: "1.0",
    release: RELEASE,
    gates: [
      { name: "network", open: true, says: "the repository answers", lookedAt: true },
      {
        name: "hold",
        open: false,
        says: "alice holds updates: the fair lasts until Sunday, and nothing may change until it is over",
        hint: "socle update unhold",
        opensAt: inSixHours(),
        lookedAt: true,
      },
      {
        name: "window",
        open: false,
        says: "not now",
        opensAt: inSixHours(),
        lookedAt: true,
        automaticOnly: true,
      },
      { name: "slot-size", open: false, says: "", lookedAt: false },
    ],
    nextAutomatic: inSixHours(),
  };
  const { context, said } = createMemoryContext();
  assert.equal(await showView({ machine: machine.access }, createWhyView({}), {}, context), EXIT_CODE.ok);
  assert.equal(
    said.stdout,
    `\
edge-01 runs 1.0; 1.1 is stopped by: hold

✓ network            the repository answers
✗ hold               alice holds updates: the fair lasts until Sunday, and
                     nothing may change until it is over
                     opens in 6 h
                     Fix  socle update unhold
! window             not now (automatic updates only)
                     opens in 6 h
· slot-size          not looked at

  next automatic: in 6 h
`,
  );
  assert.ok(isNarrow(said.stdout));
});

test("the first line of why tells the newest, the patient and the free apart", async () => {
  await using machine = await PlayedMachine.start({ phase: Phase.CONFIRMED });
  const patient = { name: "age", open: false, says: "", lookedAt: true, automaticOnly: true };
  const cases = [
    [
      { upToDate: true, release: RELEASE, runningVersion: "1.1" },
      "edge-01 runs 1.1, the newest release of its channel",
    ],
    [{ gates: [patient], release: RELEASE }, "edge-01 runs 1.0; it does not take 1.1 by itself yet: age"],
    [{ release: RELEASE }, "edge-01 runs 1.0; nothing stops 1.1: socle update apply edge-01"],
    [
      { gates: [{ name: "trust", says: "freeze", lookedAt: true }] },
      "edge-01 runs 1.0; the newest release is stopped by: trust",
    ],
  ] as const;
  for (const [why, line] of cases) {
    machine.why = { runningVersion: "1.0", ...why, gates: "gates" in why ? [...why.gates] : [] };
    const { context, said } = createMemoryContext();
    assert.equal(await showView({ machine: machine.access }, createWhyView({}), {}, context), EXIT_CODE.ok);
    assert.equal(said.stdout.split("\n", 1)[0], line);
  }
});

test("a hold has a reason, and an end where one is given; ending it says whether another is left", async () => {
  await using machine = await PlayedMachine.start({ phase: Phase.CONFIRMED });
  machine.hold = { hold: { reason: "measuring", until: inSixHours() } };
  const { context, said } = createMemoryContext();
  assert.equal(
    await updateHold(machine.access, { reason: "measuring", for: 6 * 3_600_000 }, context),
    EXIT_CODE.ok,
  );
  const asked = machine.asked.hold[0];
  assert.equal(asked?.reason, "measuring");
  assert.ok(Math.abs(Number(asked?.until?.seconds) - Date.now() / 1000 - 6 * 3600) < 10);
  machine.hold = {};
  assert.equal(await updateUnhold(machine.access, context), EXIT_CODE.ok);
  assert.equal(machine.asked.hold[1]?.held, false);
  assert.equal(
    said.stdout,
    `\
edge-01 is held: measuring
  socle update unhold edge-01   ends it, or it ends in 6 h
edge-01 is not held: updates may change it
`,
  );
});

test("cancelling says whether there was something to cancel", async () => {
  await using machine = await PlayedMachine.start({ phase: Phase.CONFIRMED });
  const { context, said } = createMemoryContext();
  assert.equal(await updateCancel(machine.access, context), EXIT_CODE.ok);
  machine.isCancelled = true;
  assert.equal(await updateCancel(machine.access, context), EXIT_CODE.ok);
  assert.match(said.stdout, /^Nothing goes on .*\nedge-01 stops after what it is doing/);
});
