import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { ETC_MOUNTS } from "#boot/levelMounts.ts";
import type { MachineOptions } from "#cli/runMachine.ts";
import type { StatusDocument } from "#cli/statusDocument.ts";
import { LEVELS, VAR_POLICIES, type LevelName } from "#definition/levels.ts";

import { exchangeOnDisk, listAttacks, REFUSAL } from "./attacks.ts";
import { bootTestMachine, buildTestSystem, type TestMachine, type TestSystem } from "./harness.ts";
import { toVictim, VICTIM } from "./testSystem.ts";

const BOOT_TIMEOUT_MS = 360_000;
const SECTOR_BYTES = 512;
const MIB = 1 << 20;
const CONFIGURATION = {
  apiVersion: "socle/v1",
  kind: "MachineConfiguration",
  hostname: "rendered",
  sysctls: { "vm.swappiness": "7" },
  network: { domains: ["rendered.example"] },
};
/** Twice the size of the image. */
const DISK_BYTES = 4 * (1 << 30);

for (const level of Object.keys(LEVELS) as LevelName[]) {
  const policies = LEVELS[level];
  const isVerified = policies.usr === "verified";

  test(`${level} boots, and attacks from inside come to what its table says`, async (t) => {
    const system = await buildTestSystem(level);
    const rendersEtc = ETC_MOUNTS[policies.etc] === "rendered-overlay";
    await using vm = await bootTestMachine(t, system, {
      diskSize: DISK_BYTES,
      ...(rendersEtc ? await giveConfiguration(t, system, level) : {}),
    });
    verifyStatus(await vm.waitUntilHealthy(), system, level);
    if (rendersEtc) {
      await t.test(`${level}: /etc is rendered from the configuration`, async () => verifyRendered(vm));
    }
    if (VAR_POLICIES[policies.var].persists) {
      await t.test(`${level}: /var has grown to the larger disk`, async () => verifyGrown(vm));
    }

    for (const { what, script, isAllowed } of listAttacks(policies)) {
      await t.test(`${level}: to ${what} is ${isAllowed ? "allowed" : "refused"}`, async () => {
        const { exitStatus, output } = await vm.shell(script);
        assert.equal(exitStatus === 0, isAllowed, output);
        if (!isAllowed) assert.match(output, REFUSAL);
      });
    }
    assert.equal(await runVictim(vm), "original");
    await vm.tell(`sync; ${exchangeOnDisk(VICTIM, toVictim("changed").slice(0, 512))}`);

    const effect = isVerified ? "panic" : "changed";
    await t.test(`${level}: a program exchanged on the disk itself, when run: ${effect}`, async () => {
      const restarted = vm.machine.waitForLine(/Linux version/, BOOT_TIMEOUT_MS);
      assert.equal(await runVictim(vm), effect);
      if (!isVerified) await vm.shell("systemctl reboot --force");
      await restarted;
    });

    verifyStatus(await vm.waitUntilHealthy(), system, level);
    if (rendersEtc) {
      await t.test(`${level}: and rendered again after a reboot`, async () => verifyRendered(vm));
    }
    for (const { what, trace } of listAttacks(policies)) {
      if (trace === undefined) continue;
      await t.test(
        `${level}: after a reboot, to ${what} has ${trace.lasts ? "lasted" : "left nothing"}`,
        async () => {
          const { exitStatus, output } = await vm.shell(trace.script);
          assert.equal(exitStatus === 0, trace.lasts, output);
        },
      );
    }
    await t.test(`${level}: after a reboot, the exchanged program, when run: ${effect}`, async () => {
      assert.equal(await runVictim(vm), effect);
    });
  });
}

function verifyStatus(status: StatusDocument, { manifest }: TestSystem, level: LevelName): void {
  const { usr, etc, var: var_ } = LEVELS[level];
  assert.equal(status.image.level, level);
  assert.equal(status.booted.verity, usr === "verified" ? "verified" : "none");
  assert.equal(status.booted.rootHash, manifest.rootHash ?? null);
  assert.equal(status.booted.slot, "A");
  assert.deepEqual(
    status.trees.map(({ path, policy }) => [path, policy]),
    [
      ["/usr", usr],
      ["/etc", etc],
      ["/var", var_],
    ],
  );
}

/** As a credential where /var is kept, on a drive where it is not: each way once. */
async function giveConfiguration(
  t: TestContext,
  { context }: TestSystem,
  level: LevelName,
): Promise<Partial<MachineOptions>> {
  const configuration = JSON.stringify(CONFIGURATION);
  if (VAR_POLICIES[LEVELS[level].var].persists) return { configuration };
  const folder = await mkdtempDisposable(join(tmpdir(), "socle-drive-"));
  t.after(() => folder.remove());
  const drive = join(folder.path, "drive.img");
  await writeFile(join(folder.path, "socle.yaml"), configuration); // JSON is YAML
  const script = `truncate -s 1M "$1/drive.img"
mkfs.vfat -n SOCLE-CONF "$1/drive.img" > /dev/null
mcopy -i "$1/drive.img" "$1/socle.yaml" ::/`;
  await context.tools.runScript(script, [folder.path], { folders: [folder.path], title: "make a drive" });
  return { drive: [drive] };
}

/** What the kernel was told, what is in a file, and what a service has read. */
async function verifyRendered(vm: TestMachine): Promise<void> {
  const said = await vm.tell(`
    cat /proc/sys/kernel/hostname /etc/hostname /proc/sys/vm/swappiness
    resolvectl domain | sed -n 's/^Global: //p'`);
  const { hostname, sysctls, network } = CONFIGURATION;
  assert.deepEqual(said.split("\n"), [hostname, hostname, sysctls["vm.swappiness"], ...network.domains]);
}

/** The file system that /var is in, and the partition below it, must reach to the end of the disk. */
async function verifyGrown(vm: TestMachine): Promise<void> {
  const [start = 0, sectors = 0, bytes = 0] = (
    await vm.tell(`
      device=$(basename "$(findmnt -nT /var -o SOURCE)")
      cat /sys/class/block/$device/start /sys/class/block/$device/size
      df --block-size=1 --output=size /var | tail -n 1`)
  )
    .split("\n")
    .map(Number);
  const end = (start + sectors) * SECTOR_BYTES;
  assert.ok(end > DISK_BYTES - 2 * MIB && end < DISK_BYTES, `the partition ends at ${end}`);
  // The rest is the file system's own: its inodes.
  assert.ok(
    bytes > 0.9 * sectors * SECTOR_BYTES,
    `the file system has ${bytes} of ${sectors * SECTOR_BYTES} bytes`,
  );
}

/** What the machine does when the victim is run: the word it says, or `panic` when the kernel stops everything. */
async function runVictim(vm: TestMachine): Promise<string> {
  const panic = vm.machine.waitForLine(
    /Kernel panic - not syncing: dm-verity device corrupted/,
    BOOT_TIMEOUT_MS,
  );
  const said = vm.tell(VICTIM);
  // The one that loses ends with the machine.
  panic.catch(() => {});
  said.catch(() => {});
  return Promise.race([panic.then(() => "panic"), said]);
}
