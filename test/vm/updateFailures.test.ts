/**
 * From a good version, every way in which a new one can fail after its first boot has begun. Each part goes on
 * where the one before has left the machine. One that fails early is in update.test.ts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ROOT_PARTITION_NUMBERS } from "#boot/diskLayout.ts";

import { startMemoryProxy } from "#system/tuf/memoryProxy.fixture.ts";

import { createParts, createUpdatingMachine, findQuarantined, namesInTheWay } from "./updateHarness.ts";
import { buildUpdateSystem } from "./updateReleases.ts";
import { HOST_ADDRESS, openTestRepository } from "./updateRepository.ts";

/** A watchdog that does not wait as long as a real one: the time makes no difference to what comes after. */
const IMPATIENT_WATCHDOG = { "etc/modprobe.d/watchdog.conf": "options i6300esb heartbeat=40\n" };

test("a machine goes back by itself from every version that fails, and loses nothing", async (t) => {
  // A new boot entry has the tries that the system which writes it was made with.
  const v11 = await buildUpdateSystem("1.1", { bootTries: 1 });
  const unhealthy = await buildUpdateSystem("1.2", {
    bootTries: 1,
    health: { timeout: "20s", probes: { "says-no": { command: ["/usr/bin/false"] } } },
  });
  const v13 = await buildUpdateSystem("1.3", { bootTries: 1 });
  const repository = await openTestRepository(t);
  await repository.publish(v11, "auto");

  // Only the proxy knows this address: what arrives has come through it.
  await using proxy = await startMemoryProxy();
  const { href } = Object.assign(new URL(proxy.url), { hostname: HOST_ADDRESS });
  const way = { url: repository.localUrl, proxy: href.slice(0, -1) };
  await using machine = await createUpdatingMachine(t, v11, way);
  const { vm } = machine;
  const parts = createParts(t, machine);
  const { part } = parts;

  await part("the version before is good", () => machine.startFirst("1.1"));

  await part(
    "a version that the machine takes by itself and that is not healthy is left, and not tried again",
    async () => {
      const { bootId } = await machine.state();
      await repository.publish(unhealthy, "auto");
      await repository.publish(unhealthy);
      await vm.tell("systemctl restart socle-updater.service"); // as the timer does
      const state = await machine.waitForGood("1.1", { after: bootId });
      const { evidence, reason } = findQuarantined(state, "1.2");
      assert.match(reason, /says-no/);
      assert.equal(evidence.length, 1);
      assert.deepEqual(
        evidence[0]?.checks.filter(({ verdict }) => verdict === "fail").map(({ name }) => name),
        ["probe says-no"],
      );

      const again = await machine.apply("1.2");
      assert.equal(again.document.outcome, "refused");
      assert.deepEqual(namesInTheWay(again.document), ["quarantine"]);
      const why = await machine.why({});
      assert.equal(why.gates.find(({ name }) => name === "quarantine")?.open, false);
      await vm.tell("journalctl --sync; systemctl restart socle-updater.service");
      await vm.tell(
        "for i in $(seq 50); do journalctl --since=-1min -u socle-updater | grep -q 'nothing to do by itself.*quarantine' && exit 0; sleep 1; done; journalctl -u socle-updater | tail -n 30; exit 1",
      );
      const after = await machine.state();
      assert.equal(after.operation, null);
      assert.equal(after.bootId, state.bootId);
    },
  );

  await part(
    "a version whose slot was changed after it was staged stops the kernel, and is left",
    async () => {
      await repository.publish(v13);
      const staged = await machine.apply("1.3", { reboot: false });
      assert.equal(staged.document.outcome, "staged");
      const { bootId } = await machine.state();
      assert.equal((await machine.state()).slots[1]?.version, "1.3");
      await vm.tell(flipInSlot("B"));
      const starts = machine.kernelStarts;
      const panic = vm.machine.waitForLine(/Kernel panic.*dm-verity device corrupted/, 480_000);
      await vm.shell("systemctl reboot").catch(() => {});
      await panic;
      const state = await machine.waitForGood("1.1", { after: bootId });
      assert.equal(machine.kernelStarts - starts, 2, "one try, and the version before");
      assert.equal(findQuarantined(state, "1.3").evidence.length, 0);
    },
  );

  await part("a version that hangs before userspace is reset by the watchdog, and left", async () => {
    await repository.publishKernel(v11, {
      version: "1.4",
      files: IMPATIENT_WATCHDOG,
      changeInit: (script) => script.replace(/^exec switch_root/m, "say hangs\nsleep infinity\n$&"),
    });
    const hangs = vm.machine.waitForLine(/socle-initrd: hangs/, 480_000);
    const applied = machine.apply("1.4");
    await hangs;
    const { document } = await applied;
    assert.equal(document.outcome, "rolled-back");
    assert.equal(document.running, "1.1");
    assert.match(findQuarantined(await machine.state(), "1.4").reason, /did not reach its health check/);
  });

  await part("a new kernel for the same base comes without a write to any slot", async () => {
    await repository.publishKernel(v11, { version: "1.5", argument: "socle.test=1" });
    const table = await machine.hashPartitionTable();
    const { document, steps, details } = await machine.apply("1.5");
    assert.equal(document.outcome, "done", JSON.stringify(document));
    assert.deepEqual(
      steps.filter((step) => step.endsWith("-slot")),
      [],
    );
    assert.match(details.get("write-uki") ?? "", /3\d\.\d MB/);
    assert.equal(await machine.hashPartitionTable(), table);
    const state = await machine.state();
    assert.equal(state.runningVersion, "1.5");
    assert.equal(state.runningRootHash, v11.manifest.rootHash);
    assert.match(await vm.tell("cat /proc/cmdline"), /socle\.test=1/);
    assert.equal(state.wayBackVersion, "1.1");
  });
  parts.verify();
});

/** A script that changes a byte of what the slot holds: in the superblock of the root (EROFS has it behind 1024 bytes). */
function flipInSlot(slot: "A" | "B"): string {
  return `printf X | dd of=/dev/vda${ROOT_PARTITION_NUMBERS[slot]} bs=1 seek=1030 conv=notrunc,fsync`;
}
