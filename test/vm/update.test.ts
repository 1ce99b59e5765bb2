/** From one version to the next, back and forward again. Each part goes on where the one before has left the machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { MachineRefusal } from "#cli/callMachine.ts";
import { makeTinyRelease } from "#system/tinyRelease.fixture.ts";

import { createParts, createUpdatingMachine, findQuarantined, namesInTheWay } from "./updateHarness.ts";
import { openTestRepository } from "./updateRepository.ts";
import { buildUpdateSystem, UPDATE_ID } from "./updateReleases.ts";

test("a machine is updated, taken back and forward again, and loses nothing", async (t) => {
  const v10 = await buildUpdateSystem("1.0", { bootTries: 2 });
  const v11 = await buildUpdateSystem("1.1", { bootTries: 1 });
  const repository = await openTestRepository(t);
  await repository.publish(v10, "auto");
  await repository.publish(v11);

  await using machine = await createUpdatingMachine(t, v10, repository);
  const { vm } = machine;
  const parts = createParts(t, machine);
  const { part } = parts;

  await part("the first version is found good", async () => {
    await machine.startFirst("1.0");
    assert.deepEqual(await machine.listKernels(), [`${UPDATE_ID}_1.0.efi`]);
  });

  await part("what cannot be installed is refused, and nothing is touched", async () => {
    await repository.publishFolder(await makeTinyRelease(join(repository.work, "tiny")), "other");
    await repository.publishLarge(v11, "9.0", "big");
    const before = await machine.hashPartitionTable();

    const tooBig = await machine.apply("9.0", { channel: "big" });
    assert.equal(tooBig.document.outcome, "refused");
    assert.deepEqual(namesInTheWay(tooBig.document), ["slot-size"]);

    await assert.rejects(machine.apply("1.0", { channel: "other" }), isRefusal("other-project"));
    const closed = { repository: "http://10.0.2.2:9/" };
    await assert.rejects(machine.apply("1.1", closed), isRefusal("server-unreachable"));

    await vm.tell("head -c $(($(df --output=avail -B1 /boot | tail -n 1) - 8000000)) /dev/zero > /boot/full");
    const full = await machine.apply("1.1");
    await vm.tell("rm /boot/full");
    assert.equal(full.document.outcome, "refused");
    assert.deepEqual(namesInTheWay(full.document), ["boot-folder-space"]);

    assert.deepEqual(await machine.listKernels(), [`${UPDATE_ID}_1.0.efi`]);
    assert.equal(await machine.hashPartitionTable(), before);
    assert.equal((await machine.state()).phase, "idle");
  });

  await part("a version whose initrd fails is tried twice, and left", async () => {
    await repository.publishKernel(v10, {
      version: "1.0.1",
      changeInit: (script) => script.replace(/^mount -t proc/m, "exit 1\n$&"),
    });
    const starts = machine.kernelStarts;
    const { document, exitCode } = await machine.apply("1.0.1");
    assert.equal(document.outcome, "rolled-back");
    assert.equal(exitCode, 7);
    assert.equal(document.running, "1.0");
    assert.equal(machine.kernelStarts - starts, 3, "two tries, and the version before");
    assert.ok((await machine.listKernels()).includes(`${UPDATE_ID}_1.0.1+0-2.efi`));
    assert.match(
      findQuarantined(await machine.state(), "1.0.1").reason,
      /did not reach its health check in 2 starts/,
    );
  });

  await part("an update goes on when the agent is killed", async () => {
    let kill: Promise<unknown> | undefined;
    const { document, steps } = await machine.apply("1.1", { reboot: false }, (event) => {
      if (event.kind === "step-progress" && event.step === "write-slot")
        kill ??= vm.tell("systemctl kill --signal=KILL socle-agent.service");
    });
    assert.ok(kill, `the slot was not written: ${steps.join()}`);
    await kill;
    assert.equal(document.outcome, "staged");
    const state = await machine.state();
    assert.equal(state.phase, "staged");
    assert.equal(state.otherVersion, "1.1");
    assert.equal(await vm.tell("systemctl show -P NRestarts socle-agent.service"), "1");
    assert.equal(await vm.tell("systemctl show -P NRestarts socle-updater.service"), "0");
  });

  await part("a good version is found good, and keeps its predecessor as the way back", async () => {
    const before = await machine.state();
    const { document, steps } = await machine.apply("1.1");
    assert.equal(document.outcome, "done", JSON.stringify(document));
    assert.ok(!steps.includes("write-slot"), `what was staged was fetched again: ${steps.join()}`);
    assert.deepEqual(
      document.health.map(({ version, verdict }) => `${version} ${verdict}`),
      ["1.1 pass"],
    );
    const state = await machine.waitForGood("1.1", { after: before.bootId });
    assert.equal(state.phase, "confirmed");
    assert.equal(state.wayBackVersion, "1.0");
    assert.deepEqual(
      state.slots.map(({ version }) => version),
      ["1.0", "1.1"],
    );
    assert.ok((await machine.listKernels()).includes(`${UPDATE_ID}_1.1.efi`));
    assert.equal(await vm.tell("cat /usr/lib/test/release"), "1.1");
  });

  await part("a rollback leads to the last good version, by way of a system that hangs", async () => {
    const { bootId } = await machine.state();
    const { document } = await machine.rollback({ reboot: false });
    assert.equal(document.outcome, "staged");
    // systemd takes this for a crash of its own, and freezes: nobody feeds the watchdog any more.
    const restarted = vm.machine.waitForLine(/Linux version/, 480_000);
    const seen = vm.machine.console.lines.length;
    await vm.shell("kill -SEGV 1").catch(() => {}); // the answer may not come any more
    await restarted;
    assert.doesNotMatch(vm.machine.console.lines.slice(seen).join("\n"), /systemd-shutdown|panic - not/);
    const state = await machine.waitForGood("1.0", { after: bootId });
    assert.equal(await vm.tell("cat /usr/lib/test/release"), "1.0");
    assert.equal(state.runningVersion, "1.0");
    await machine.waitFor("1.1 to be set aside", ({ entries }) =>
      entries.some(({ fileName }) => fileName === `${UPDATE_ID}_1.1+0-0.efi`),
    );
  });

  await part("and forward again, without fetching the root once more", async () => {
    const before = await machine.state();
    const isQuarantined = before.quarantined.some(({ version }) => version === "1.1");
    const { document, steps } = await machine.apply("1.1", isQuarantined ? { retry: true } : {});
    assert.equal(document.outcome, "done", JSON.stringify(document));
    assert.ok(!steps.includes("write-slot"), steps.join());
    assert.equal((await machine.state()).phase, "confirmed");
  });

  parts.verify();
});

function isRefusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof MachineRefusal && error.code === code;
}
