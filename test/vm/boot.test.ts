import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { readBytes } from "#system/files.ts";

import { buildTestSystem, createTestMachine, type TestMachine, type TestSystem } from "./harness.ts";

const SECTOR_BYTES = 512;
/** Emulated, on a busy host, with 30 seconds of waiting for a disk in it. */
const BOOT_TIMEOUT_MS = 360_000;

const INIT_ENDED = /Kernel panic - not syncing: Attempted to kill init/;
const ROOT_REFUSED = /Kernel panic - not syncing: dm-verity device corrupted/;

test("a root hash that no partition has ends in a reboot, not in a hang", async (t) => {
  const rootHash = "0123456789abcdef".repeat(4);
  await using vm = await createTestMachine(t, await buildTestSystem("sealed"), {
    extraArguments: [`roothash=${rootHash}`],
  });
  await assertReboots(
    vm,
    /cannot boot: no root partition with the UUID 01234567-89ab-cdef-0123-456789abcdef/,
    INIT_ENDED,
  );
});

test("a writable root that is not there ends in a reboot, not in a hang", async (t) => {
  const uuid = "01234567-89ab-cdef-0123-456789abcdef";
  await using vm = await createTestMachine(t, await buildTestSystem("classic"), {
    extraArguments: [`root=PARTUUID=${uuid}`],
  });
  await assertReboots(vm, new RegExp(`cannot boot: no partition with the UUID '${uuid}'`), INIT_ENDED);
});

test("one flipped byte of the root stops the kernel at its first read, and the machine reboots", async (t) => {
  const system = await buildTestSystem("sealed");
  const root = await findPartition(system, "test-sealed_1.0", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709");
  const image = Buffer.from(await readBytes(findImage(system, "root")));
  // PID 1 is read at every boot: its first block, wherever the root has it.
  const init = await readBytes(join(system.steps.packages, "tree/usr/lib/systemd/systemd"));
  const offset = image.indexOf(init.subarray(0, 4096));
  assert.ok(offset > 0);

  await using vm = await createTestMachine(t, system);
  await flipByte(vm, system, root.offsetBytes + offset, image[offset]!);
  await assertReboots(vm, /device-mapper: verity: .* data block \d+ is corrupted/, ROOT_REFUSED);
});

test("one flipped byte of the hash tree stops the kernel as well", async (t) => {
  const system = await buildTestSystem("sealed");
  const tree = await findPartition(system, "test-sealed_1.0", "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5");
  // The block after the superblock is the top of the tree, whose digest is the root hash.
  const [byte = 0] = Buffer.from(await readBytes(findImage(system, "verity"))).subarray(4096);

  await using vm = await createTestMachine(t, system);
  await flipByte(vm, system, tree.offsetBytes + 4096, byte);
  await assertReboots(vm, /device-mapper: verity: .* metadata block \d+ is corrupted/, ROOT_REFUSED);
});

/** Switches the machine on, and waits for its second kernel: until then it must have said this, and started no system. */
async function assertReboots({ machine }: TestMachine, reason: RegExp, end: RegExp): Promise<void> {
  await machine.start();
  await machine.waitForLine(/Linux version/, BOOT_TIMEOUT_MS);
  await machine.waitForLine(/Linux version/, BOOT_TIMEOUT_MS);
  const [, first = ""] = machine.console.lines.join("\n").split("Linux version");
  assert.match(first, new RegExp(`${reason.source}[^]*${end.source}`));
  assert.doesNotMatch(first, /Welcome to/, "systemd has started, though nothing could be trusted");
}

interface FoundPartition {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** The partition of this name, and type where two have the name, as sfdisk finds it on the release's disk. */
async function findPartition(system: TestSystem, name: string, type?: string): Promise<FoundPartition> {
  const disk = findImage(system, "disk");
  const { stdout } = await system.context.tools.run(["sfdisk", "--json", disk], { folders: [system.folder] });
  const { partitiontable } = JSON.parse(stdout) as {
    partitiontable: { partitions: { start: number; size: number; name: string; type: string }[] };
  }; // sfdisk's own words
  const found = partitiontable.partitions.filter(
    (entry) => entry.name === name && (type === undefined || entry.type.toLowerCase() === type),
  );
  assert.equal(found.length, 1);
  return { offsetBytes: found[0]!.start * SECTOR_BYTES, sizeBytes: found[0]!.size * SECTOR_BYTES };
}

function findImage({ folder, manifest }: TestSystem, kind: "root" | "verity" | "disk"): string {
  const artifact = manifest.artifacts.find((entry) => entry.kind === kind);
  assert.ok(artifact);
  return join(folder, artifact.name);
}

/** On the machine's own disk; the release stays as it is. */
async function flipByte(
  { machine }: TestMachine,
  { context, folder }: TestSystem,
  offset: number,
  byte: number,
): Promise<void> {
  const disk = join(machine.folder, "disk.qcow2");
  const argv = ["qemu-io", "-f", "qcow2", "-c", `write -P ${byte ^ 1} ${offset} 1`, disk];
  await context.tools.run(argv, { folders: [machine.folder, folder] });
}
