import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { findRootDisk, parseRootDevice } from "./findRootDisk.ts";
import { UpdaterMachineError } from "./updaterMachineError.ts";

interface SysContent {
  /** Partitions by name, with their disk. */
  readonly partitions: Readonly<Record<string, string>>;
  /** Partitions below a device-mapper device 253:0; else 253:0 is the first partition. */
  readonly slaves?: readonly string[];
}

async function withSys(content: SysContent, use: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-sys-"));
  const sys = folder.path;
  const { partitions, slaves } = content;
  await mkdir(join(sys, "class/block"), { recursive: true });
  await mkdir(join(sys, "dev/block"), { recursive: true });
  for (const [name, disk] of Object.entries(partitions)) {
    await mkdir(join(sys, "devices/pci/block", disk, name), { recursive: true });
    await writeFile(join(sys, "devices/pci/block", disk, name, "partition"), "1\n");
    await symlink(`../../devices/pci/block/${disk}/${name}`, join(sys, "class/block", name));
  }
  if (slaves === undefined) {
    const [name, disk] = Object.entries(partitions)[0] ?? [];
    await symlink(`../../devices/pci/block/${disk}/${name}`, join(sys, "dev/block/253:0"));
  } else {
    const mapper = join(sys, "devices/virtual/block/dm-0");
    await mkdir(join(mapper, "dm"), { recursive: true });
    await mkdir(join(mapper, "slaves"));
    await writeFile(join(mapper, "dm/name"), "root\n");
    for (const name of slaves) await mkdir(join(mapper, "slaves", name));
    await symlink("../../devices/virtual/block/dm-0", join(sys, "dev/block/253:0"));
  }
  await use(sys);
}

const FOUND: readonly (readonly [what: string, content: SysContent, disk: string, mapping?: string])[] = [
  [
    "a verified root lies on two partitions",
    { partitions: { vda2: "vda", vda3: "vda" }, slaves: ["vda2", "vda3"] },
    "vda",
    "root",
  ],
  [
    "an NVMe disk's partitions have a p in their names",
    { partitions: { nvme0n1p5: "nvme0n1", nvme0n1p6: "nvme0n1" }, slaves: ["nvme0n1p5", "nvme0n1p6"] },
    "nvme0n1",
    "root",
  ],
  ["a writable root is a partition itself", { partitions: { sda2: "sda" } }, "sda"],
];

for (const [what, content, name, mapping] of FOUND) {
  test(`the disk is found: ${what}`, async () => {
    await withSys(content, async (sys) => {
      assert.deepEqual(await findRootDisk("253:0", sys), { name, mapping });
    });
  });
}

const NOT_FOUND: readonly (readonly [what: string, content: SysContent, device: string])[] = [
  [
    "root and hash tree lie on two disks",
    { partitions: { vda2: "vda", vdb3: "vdb" }, slaves: ["vda2", "vdb3"] },
    "253:0",
  ],
  ["the root is no block device", { partitions: { vda2: "vda" } }, "0:25"],
  ["the root lies on a whole disk", { partitions: { vda2: "vda" }, slaves: ["vdb"] }, "253:0"],
];

for (const [what, content, device] of NOT_FOUND) {
  test(`there is no disk to update: ${what}`, async () => {
    await withSys(content, async (sys) => {
      await assert.rejects(
        findRootDisk(device, sys),
        (error) => error instanceof UpdaterMachineError && error.code === "disk-not-found",
      );
    });
  });
}

test("the root's device is that of the topmost mount of /", () => {
  const mountInfo = [
    "1 1 0:2 / / rw - rootfs rootfs rw",
    "23 1 253:0 / / ro,relatime shared:1 - erofs /dev/mapper/root ro",
    "24 23 254:8 / /var rw - ext4 /dev/vda8 rw",
    "",
  ].join("\n");
  assert.equal(parseRootDevice(mountInfo), "253:0");
  assert.throws(() => parseRootDevice(""), UpdaterMachineError);
});
