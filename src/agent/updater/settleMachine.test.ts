import assert from "node:assert/strict";
import { test } from "node:test";

import { makeTestRelease } from "#boot/updateRelease.fixture.ts";

import { readUpdateFacts } from "#boot/readUpdateFacts.ts";
import { TEST_ID } from "#boot/updateRelease.fixture.ts";

import { MemoryUpdaterMachine } from "./memoryUpdaterMachine.fixture.ts";
import { settleMachine } from "./settleMachine.ts";
import type { UpdateLook } from "./updateSituation.ts";

const V10 = makeTestRelease("1.0.0");
const V11 = makeTestRelease("1.1.0");

async function settle(machine: MemoryUpdaterMachine): Promise<void> {
  const limits = { allowDowngrade: false, retryFailed: false, quarantined: new Set<string>() };
  const look = {
    openMachine: async () => machine,
    readFacts: async () =>
      readUpdateFacts(machine, { id: TEST_ID, running: await machine.readRunning(), bootTries: 3, limits }),
  } as unknown as UpdateLook; // all of it that is asked for
  await settleMachine(
    look,
    () => new Date("2026-11-23T03:00:00Z"),
    () => undefined,
  );
}

test("while there is a system to go back to, the initrd is told which", async () => {
  const entries = { "minimal_1.1.0.efi": V11, "minimal_1.0.0.efi": V10 };
  const machine = new MemoryUpdaterMachine(V11, { slots: { A: V10, B: V11 }, entries });
  await settle(machine);
  assert.equal(machine.preparedWayBack, "minimal_1.0.0.efi");
  await machine.bootFolder.remove("minimal_1.0.0.efi");
  await settle(machine);
  assert.equal(machine.preparedWayBack, undefined);
});

test("a confirmed system that the initrd went back from is set aside, and quarantined with the reason", async () => {
  const entries = { "minimal_1.1.0.efi": V11, "minimal_1.0.0.efi": V10 };
  const machine = new MemoryUpdaterMachine(V10, { slots: { A: V10, B: V11 }, entries });
  machine.goneBackFrom = "minimal_1.1.0.efi";
  await settle(machine);
  assert.deepEqual(await machine.listEntries(), ["minimal_1.0.0.efi", "minimal_1.1.0+0-0.efi"]);
  const [record, ...others] = machine.quarantine;
  assert.equal(others.length, 0);
  assert.equal(record?.ukiSha256, V11.release.uki.sha256);
  assert.match(record.reason, /^4 starts, one after another, did not come to their end/);
  assert.equal(machine.goneBackFrom, undefined);
  assert.equal(await machine.boot([V10, V11]), "1.0.0");
});

test("nothing is said to the initrd while what runs is on trial", async () => {
  const entries = { "minimal_1.1.0+2-1.efi": V11, "minimal_1.0.0.efi": V10 };
  const machine = new MemoryUpdaterMachine(V11, { slots: { A: V10, B: V11 }, entries });
  machine.preparedWayBack = "as it was";
  await settle(machine);
  assert.equal(machine.preparedWayBack, "as it was");
});
