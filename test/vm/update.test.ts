/**
 * One machine's life, over firmware, boot loader and every way in which a new version can fail. Each
 * part goes on where the one before has left the machine.
 */
import assert from "node:assert/strict";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT_PARTITION_NUMBERS } from "#boot/diskLayout.ts";
import { MachineRefusal } from "#cli/callMachine.ts";
import { isInTheWay, type GateDocument, type UpdateStateDocument } from "#cli/update/updateStateDocument.ts";
import { writeAtomic } from "#system/files.ts";
import { makeTinyRelease } from "#system/tinyRelease.fixture.ts";

import type { TestSystem } from "./harness.ts";
import { createUpdatingMachine, openTestRepository } from "./updateHarness.ts";
import { remakeKernel, type KernelChanges } from "./updateKernels.ts";
import { buildUpdateSystem, deriveRelease, UPDATE_ID } from "./updateReleases.ts";

/** Written once, at 1.0; read after every boot. */
const DATA = "what a database would have written";

/** A watchdog that does not wait as long as a real one: the time makes no difference to what comes after. */
const IMPATIENT_WATCHDOG = { "etc/modprobe.d/watchdog.conf": "options i6300esb heartbeat=20\n" };

test("a machine is updated, goes back by itself from every version that fails, and loses nothing", async (t) => {
  // A new boot entry has the tries that the system which writes it was made with.
  const v10 = await buildUpdateSystem("1.0", { bootTries: 2 });
  const v11 = await buildUpdateSystem("1.1", { bootTries: 1 });
  const unhealthy = await buildUpdateSystem("1.2", {
    bootTries: 1,
    health: { timeout: "30s", probes: { "says-no": { command: ["/usr/bin/false"] } } },
  });
  const v13 = await buildUpdateSystem("1.3", { bootTries: 1 });

  const repository = await openTestRepository(t);
  const publish = async (system: TestSystem, channel = "test") =>
    repository.publish(
      await deriveRelease(system, join(repository.work, `${channel}-${system.manifest.version}`)),
      channel,
    );
  const publishKernel = async (system: TestSystem, changes: KernelChanges) => {
    const kernel = await remakeKernel(system, changes);
    const { version } = changes;
    await repository.publish(
      await deriveRelease(system, join(repository.work, version), { version, kernel }),
      "test",
    );
  };
  await publish(v10, "auto");
  await publish(v11);

  await using machine = await createUpdatingMachine(t, v10, repository);
  const { vm } = machine;
  let isBroken = false;
  /** What comes after a part that failed would only fail for its reasons. */
  const part = async (name: string, work: () => Promise<void>) =>
    t.test(name, { skip: isBroken && "an earlier part failed" }, async () => {
      isBroken = true;
      await work();
      assert.equal(await vm.tell("cat /var/lib/test-data"), DATA, "data in /var");
      isBroken = false;
    });

  await part("the first version is found good", async () => {
    await vm.machine.start();
    await machine.waitForGood("1.0", { after: "" });
    assert.equal((await vm.waitUntilHealthy()).booted.slot, "A");
    assert.deepEqual(await machine.listKernels(), [`${UPDATE_ID}_1.0.efi`]);
    await vm.tell(`echo '${DATA}' > /var/lib/test-data && sync`);
  });

  await part("what cannot be installed is refused, and nothing is touched", async () => {
    await repository.publish(await makeTinyRelease(join(repository.work, "tiny")), "other");
    const big = join(repository.work, "big.root");
    const sizeBytes = v11.manifest.sizes.rootSlotBytes + 4096;
    await writeAtomic(big, "");
    await truncate(big, sizeBytes);
    await repository.publish(
      await deriveRelease(v11, join(repository.work, "9.0"), {
        version: "9.0",
        root: { file: big, sizeBytes },
      }),
      "big",
    );
    const before = await machine.hashPartitionTable();

    const tooBig = await machine.apply("9.0", { channel: "big" });
    assert.equal(tooBig.document.outcome, "refused");
    assert.deepEqual(namesOf(tooBig.document.gates), ["slot-size"]);

    await assert.rejects(machine.apply("1.0", { channel: "other" }), isRefusal("other-project"));
    const closed = { repository: "http://10.0.2.2:9/" };
    await assert.rejects(machine.apply("1.1", closed), isRefusal("server-unreachable"));

    await vm.tell("head -c $(($(df --output=avail -B1 /boot | tail -n 1) - 8000000)) /dev/zero > /boot/full");
    const full = await machine.apply("1.1");
    await vm.tell("rm /boot/full");
    assert.equal(full.document.outcome, "refused");
    assert.deepEqual(namesOf(full.document.gates), ["boot-folder-space"]);

    assert.deepEqual(await machine.listKernels(), [`${UPDATE_ID}_1.0.efi`]);
    assert.equal(await machine.hashPartitionTable(), before);
    assert.equal((await machine.state()).phase, "idle");
  });

  await part("a version whose initrd fails is tried twice, and left", async () => {
    await publishKernel(v10, {
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
    const restarted = vm.machine.waitForLine(/Linux version/, 240_000);
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

  await part(
    "a version that the machine takes by itself and that is not healthy is left, and not tried again",
    async () => {
      const { bootId } = await machine.state();
      await publish(unhealthy, "auto");
      await publish(unhealthy);
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
      assert.deepEqual(namesOf(again.document.gates), ["quarantine"]);
      const why = await machine.why({});
      assert.equal(why.document.gates.find(({ name }) => name === "quarantine")?.open, false);
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
      await publish(v13);
      const staged = await machine.apply("1.3", { reboot: false });
      assert.equal(staged.document.outcome, "staged");
      const { bootId } = await machine.state();
      assert.equal((await machine.state()).slots[0]?.version, "1.3");
      await vm.tell(flipInSlot("A"));
      const starts = machine.kernelStarts;
      const panic = vm.machine.waitForLine(/Kernel panic.*dm-verity device corrupted/, 240_000);
      await vm.shell("systemctl reboot").catch(() => {});
      await panic;
      const state = await machine.waitForGood("1.1", { after: bootId });
      assert.equal(machine.kernelStarts - starts, 2, "one try, and the version before");
      assert.equal(findQuarantined(state, "1.3").evidence.length, 0);
    },
  );

  await part("a version that hangs before userspace is reset by the watchdog, and left", async () => {
    await publishKernel(v11, {
      version: "1.4",
      files: IMPATIENT_WATCHDOG,
      changeInit: (script) => script.replace(/^exec switch_root/m, "say hangs\nsleep infinity\n$&"),
    });
    const hangs = vm.machine.waitForLine(/socle-initrd: hangs/, 240_000);
    const applied = machine.apply("1.4");
    await hangs;
    const { document } = await applied;
    assert.equal(document.outcome, "rolled-back");
    assert.equal(document.running, "1.1");
    assert.match(findQuarantined(await machine.state(), "1.4").reason, /did not reach its health check/);
  });

  await part("a new kernel for the same base comes without a write to any slot", async () => {
    await publishKernel(v11, { version: "1.5", argument: "socle.test=1" });
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
  assert.ok(!isBroken, "a part failed");
});

/** Of those that stop an update that is asked for. */
function namesOf(gates: readonly GateDocument[]): string[] {
  return gates.filter(isInTheWay).map(({ name }) => name);
}

function isRefusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof MachineRefusal && error.code === code;
}

function findQuarantined({ quarantined }: UpdateStateDocument, version: string) {
  const found = quarantined.find((release) => release.version === version);
  assert.ok(found, `${version} is not in quarantine, but ${namesOfVersions(quarantined)}`);
  return found;
}

function namesOfVersions(releases: readonly { readonly version: string }[]): string {
  return releases.map(({ version }) => version).join() || "none";
}

/** A script that changes a byte of what the slot holds: in the superblock of the root (EROFS has it behind 1024 bytes). */
function flipInSlot(slot: "A" | "B"): string {
  return `printf X | dd of=/dev/vda${ROOT_PARTITION_NUMBERS[slot]} bs=1 seek=1030 conv=notrunc,fsync`;
}
