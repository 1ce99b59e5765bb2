/** The commands against the real updater behind the real agent; only disk, firmware and repository are in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createLog } from "#agent/log.ts";
import { readMachineFacts } from "#agent/machineFacts.ts";
import { createMemoryMachine } from "#agent/memoryMachine.ts";
import { passCalls } from "#agent/passCalls.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";
import { readInventory } from "#agent/readInventory.ts";
import { sealedMachine } from "#agent/sealedMachine.fixture.ts";
import { startAgent } from "#agent/startAgent.ts";
import { MemoryUpdaterMachine } from "#agent/updater/memoryUpdaterMachine.fixture.ts";
import { publishReleases, startTestUpdater } from "#agent/updater/testUpdater.fixture.ts";
import { makeTestRelease } from "#boot/updateRelease.fixture.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";

import { MachineRefusal } from "../callMachine.ts";
import { rollback } from "../commands/rollback.ts";
import { statusView } from "../commands/status.ts";
import { updateApply } from "../commands/updateApply.ts";
import { createPlanView } from "../commands/updatePlan.ts";
import { createWhyView } from "../commands/updateWhy.ts";
import { EXIT_CODE } from "../exitCode.ts";
import { showView } from "../view/showView.ts";
import { createMemoryContext } from "./playedMachine.fixture.ts";
import type { NamedMachine } from "./updateMachine.ts";

const V10 = makeTestRelease("1.0.0");
const V11 = makeTestRelease("1.1.0");
const access = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });

/** Each boot has an id of its own. */
class CountedBoots extends MemoryUpdaterMachine {
  #boots = 1;

  override async readBootId(): Promise<string> {
    return `10a3a06f-7d2b-4d94-9b0d-${String(this.#boots).padStart(12, "0")}`;
  }

  override async boot(...how: Parameters<MemoryUpdaterMachine["boot"]>): Promise<string> {
    const version = await super.boot(...how);
    this.#boots++;
    return version;
  }
}

async function startMachine() {
  const machine = new CountedBoots(V10, { slots: { A: V10 }, entries: { "minimal_1.0.0.efi": V10 } });
  const updater = await startTestUpdater({ repository: await publishReleases([V10, V11]), machine });
  const linux = createMemoryMachine(sealedMachine);
  const agent = await startAgent({
    readFacts: () => readMachineFacts(linux),
    readInventory: (signal) => readInventory(linux, signal),
    calls: { updates: passCalls(UpdateService, updater.socketPath) },
    tls: { certificate: access.server.cert, key: access.server.key, clientAuthorities: [access.ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog(() => {}, Date.now),
    monotonicUs: () => 9_000_000,
  });
  const { cert, key } = access.client;
  const named: NamedMachine = {
    name: "edge-01",
    host: "127.0.0.1",
    port: agent.port,
    caPem: access.ca,
    certPem: cert,
    keyPem: key,
  };
  return {
    machine,
    named,
    /** Boots as soon as that has been asked for, the `time`th time. */
    boot: async (time: number) => {
      while (machine.reboots < time) await sleep(10, undefined, { signal: AbortSignal.timeout(10_000) });
      await sleep(50);
      return machine.boot([V10, V11]);
    },
    [Symbol.asyncDispose]: async () => {
      await agent.close();
      await updater[Symbol.asyncDispose]();
    },
  };
}

const YES = { yes: true, reboot: true } as const;

test("a machine is asked why, planned, updated over its restart, asked how it is, and taken back", async () => {
  await using running = await startMachine();
  const { named } = running;
  const { context, said, lines } = createMemoryContext();
  const take = () => {
    const text = said.stdout;
    said.stdout = "";
    return text;
  };

  assert.equal(await showView({ machine: named }, createWhyView({}), {}, context), EXIT_CODE.ok);
  assert.match(
    take(),
    /^edge-01 runs 1\.0\.0; it does not take 1\.1\.0 by itself yet: policy\n\n✓ channel .*^! policy .*^✓ way-back /ms,
  );
  assert.equal(await showView({ machine: named }, createPlanView({}), {}, context), EXIT_CODE.ok);
  assert.match(take(), /^Plan for edge-01 {3}1\.0\.0 → 1\.1\.0\n {2}write to {5}slot B\n/);

  const [exitCode, booted] = await Promise.all([updateApply(named, YES, context), running.boot(1)]);
  assert.equal(exitCode, EXIT_CODE.ok);
  assert.equal(booted, "1.1.0");
  assert.equal(take(), "✓ edge-01 runs 1.1.0\n");
  assert.deepEqual(
    lines().map((line) => line.replace(/:.*/, "")),
    "resolve mark-slot write-slot verify-slot name-slot write-uki reboot checks".split(" "),
  );

  assert.equal(await updateApply(named, YES, context), EXIT_CODE.ok);
  assert.equal(take(), "✓ edge-01 runs 1.1.0 already: nothing to do\n");
  assert.equal(await showView({ machine: named }, statusView, {}, context), EXIT_CODE.ok);
  assert.match(
    take(),
    /^edge-01 is healthy, up 13 s, nothing pending\n\n○ A {2}1\.0\.0 {2}rollback, good .*\n● B {2}1\.1\.0 {2}booted, good /,
  );

  const [backCode, back] = await Promise.all([rollback(named, YES, context), running.boot(2)]);
  assert.equal(backCode, EXIT_CODE.ok);
  assert.equal(back, "1.0.0");
  assert.equal(take(), "✓ edge-01 runs 1.0.0 again\n");
});

test("a channel that is not there is refused in the machine's words, and is a gate for whoever asks why", async () => {
  await using running = await startMachine();
  const { context, said } = createMemoryContext();
  await assert.rejects(
    showView({ machine: running.named }, createPlanView({ channel: "beta" }), {}, context),
    (error) => error instanceof MachineRefusal && error.code === "channel-unknown",
  );
  assert.equal(
    await showView({ machine: running.named }, createWhyView({ channel: "beta" }), {}, context),
    EXIT_CODE.ok,
  );
  assert.match(said.stdout, /^edge-01 runs 1\.0\.0; the newest release is stopped by: channel\n\n✗ channel /);
});
