import assert from "node:assert/strict";
import { test } from "node:test";

import { selectModules } from "./kernelModules.ts";

/** As depmod writes it: dependencies of dependencies are listed too. */
const MODULES_DEP = `kernel/lib/crc16.ko:
kernel/fs/jbd2/jbd2.ko:
kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/jbd2/jbd2.ko
kernel/drivers/md/dm-mod.ko:
kernel/drivers/md/dm-bufio.ko: kernel/drivers/md/dm-mod.ko
kernel/drivers/md/dm-verity.ko: kernel/drivers/md/dm-bufio.ko kernel/drivers/md/dm-mod.ko
kernel/drivers/block/virtio_blk.ko.xz:
kernel/arch/x86/crypto/sha256-ssse3.ko.zst:
`;

const SELECTIONS: readonly (readonly [wanted: readonly string[], names: readonly string[]])[] = [
  [["ext4"], ["jbd2", "ext4", "crc16"]],
  [["dm_verity"], ["dm_bufio", "dm_mod", "dm_verity"]],
  [
    ["dm-verity", "dm_verity", "dm_mod"],
    ["dm_bufio", "dm_mod", "dm_verity"],
  ],
  [
    ["virtio_blk", "sha256_ssse3"],
    ["sha256_ssse3", "virtio_blk"],
  ],
  [["erofs"], []],
  [[], []],
];

for (const [wanted, names] of SELECTIONS) {
  test(`of the modules, "${wanted.join(" ")}" takes ${names.join(", ") || "none"}`, () => {
    const selected = selectModules(MODULES_DEP, wanted);
    assert.deepEqual(selected.map(({ name }) => name).toSorted(), [...names].toSorted());
    const paths = selected.map(({ path }) => path);
    assert.deepEqual(paths, paths.toSorted());
  });
}

test("modules have the path that the index gives them, compressed or not", () => {
  assert.deepEqual(selectModules(MODULES_DEP, ["virtio-blk"]), [
    { name: "virtio_blk", path: "kernel/drivers/block/virtio_blk.ko.xz" },
  ]);
});

test("an empty index has no modules", () => {
  assert.deepEqual(selectModules("", ["ext4"]), []);
});
