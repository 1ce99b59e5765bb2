import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeBootOrder, encodeBootOrder } from "#boot/efiLoadOption.ts";

import { ensureBootOptions, type FirmwareMachine } from "./ensureBootOptions.ts";

const IMAGE = { id: "minimal", bootTries: 2 };
const variable = (name: string) => `/sys/firmware/efi/efivars/${name}-8be4df61-93ca-11d2-aa0d-00e098032b8c`;

function createMachine(disk: string, files: Record<string, Uint8Array>) {
  const all = new Map(Object.entries(files));
  for (const [name, value] of [
    ["start", "2048\n"],
    ["size", "524288\n"],
  ] as const) {
    all.set(`/sys/class/block/${disk}/${name}`, Buffer.from(value));
  }
  const written: string[] = [];
  const machine: FirmwareMachine = {
    readFile: async (path) => all.get(path),
    writeKernelFile: async (path, bytes) => {
      written.push(path);
      all.set(path, bytes);
    },
  };
  return { machine, all, written };
}

const ORDER = Buffer.concat([Buffer.from([7, 0, 0, 0]), encodeBootOrder([0])]);

for (const [root, esp] of [
  ["vda2", "vda1"],
  ["nvme0n1p5", "nvme0n1p1"],
  ["mmcblk0p2", "mmcblk0p1"],
] as const) {
  test(`with the root on ${root}, the firmware is pointed to ${esp}, once`, async () => {
    const { machine, all, written } = createMachine(esp, { [variable("BootOrder")]: ORDER });
    await ensureBootOptions(machine, IMAGE, root, () => {});
    assert.deepEqual(written, ["Boot50C0", "Boot50C1", "Boot50C2", "BootOrder"].map(variable));
    const order = all.get(variable("BootOrder")) ?? assert.fail();
    assert.deepEqual([...order.subarray(0, 4)], [7, 0, 0, 0]);
    assert.deepEqual(decodeBootOrder(order.subarray(4)), [0x50c0, 0x50c1, 0x50c2, 0]);
    await ensureBootOptions(machine, IMAGE, root, () => {});
    assert.equal(written.length, 4);
  });
}

test("nothing is written without UEFI, or when the root is on no partition", async () => {
  const direct = createMachine("vda1", {});
  await ensureBootOptions(direct.machine, IMAGE, "vda2", () => {});
  assert.deepEqual(direct.written, []);
  const other = createMachine("vda1", { [variable("BootOrder")]: ORDER });
  await ensureBootOptions(other.machine, IMAGE, "vda", () => {});
  assert.deepEqual(other.written, []);
});
