import assert from "node:assert/strict";
import { mkdtempDisposable, open, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import fc from "fast-check";

import { openBlockDevice, type OpenBlockDevice } from "./openBlockDevice.ts";
import { openMediumReader } from "./mediumReader.ts";

const SIZE_BYTES = 3 * 1024 * 1024 + 512;
const CONTENT = Buffer.from(Uint8Array.from({ length: SIZE_BYTES }, (_, index) => (index * 7919) % 251));

/** As a whole disk is, a multiple of a sector and of nothing larger. */
async function withDevice(use: (device: OpenBlockDevice, path: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-device-"));
  const path = join(folder.path, "disk");
  await writeFile(path, CONTENT);
  await using device = await openBlockDevice(path);
  await use(device, path);
}

const RANGES: readonly (readonly [offset: number, size: number])[] = [
  [0, 512],
  [512, 33 * 512],
  [SIZE_BYTES - 33 * 512, 33 * 512],
  [1, 1],
  [4095, 2],
  [5000, 2 * 1024 * 1024],
  [0, SIZE_BYTES],
  [SIZE_BYTES, 0],
];

for (const [offset, size] of RANGES) {
  test(`${size} bytes at ${offset} are read as they are`, async () => {
    await withDevice(async (device) => {
      assert.equal(device.sizeBytes, SIZE_BYTES);
      assert.deepEqual(await device.read(offset, size), CONTENT.subarray(offset, offset + size));
    });
  });
}

test("reads go into the memory that is given, and nothing beside it changes", async () => {
  await withDevice(async (device) => {
    const memory = Buffer.alloc(3000, 1);
    const into = memory.subarray(1000, 2000);
    assert.equal(await device.read(70_000, 1000, into), into);
    assert.deepEqual(into, CONTENT.subarray(70_000, 71_000));
    assert.ok([...memory.subarray(0, 1000), ...memory.subarray(2000)].every((byte) => byte === 1));
  });
});

test("reads that are asked for at once do not mix", async () => {
  await withDevice(async (device) => {
    const offsets = Array.from({ length: 20 }, (_, index) => index * 100_003);
    const reads = await Promise.all(offsets.map((offset) => device.read(offset, 50_000)));
    for (const [index, offset] of offsets.entries())
      assert.deepEqual(reads[index], CONTENT.subarray(offset, offset + 50_000));
  });
});

test("whatever is written and flushed is read back, and is in the file", async () => {
  await withDevice(async (device, path) => {
    const expected = Buffer.from(CONTENT);
    const write = fc.record({ offset: fc.nat(SIZE_BYTES - 1), size: fc.nat(100_000), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(write, async ({ offset, size, byte }) => {
        const bytes = Buffer.alloc(Math.min(size, SIZE_BYTES - offset), byte);
        bytes.copy(expected, offset);
        await device.write(offset, bytes);
        // Read before the flush, too: what was written is what comes.
        assert.deepEqual(await device.read(offset, bytes.length), bytes);
        await device.flush();
        assert.deepEqual(await device.read(offset, bytes.length), bytes);
      }),
      { numRuns: 10 },
    );
    assert.ok(expected.equals(await readFile(path)));
  });
});

test("nothing outside of the device is read or written", async () => {
  await withDevice(async (device, path) => {
    for (const [offset, size] of [
      [SIZE_BYTES - 1, 2],
      [-1, 1],
      [SIZE_BYTES + 4096, 1],
    ] as const) {
      await assert.rejects(device.read(offset, size), RangeError);
      await assert.rejects(device.write(offset, Buffer.alloc(size)), RangeError);
    }
    assert.ok(CONTENT.equals(await readFile(path)));
  });
});

test("a failed read does not stop those after it", async () => {
  await withDevice(async (device) => {
    const [failed, good] = [device.read(SIZE_BYTES, 1), device.read(0, 100)];
    await assert.rejects(failed, RangeError);
    assert.deepEqual(await good, CONTENT.subarray(0, 100));
  });
});

test("a reader of the medium reads a file that does not end on a boundary", async (t) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-medium-"));
  const path = join(folder.path, "image.efi");
  const bytes = CONTENT.subarray(0, 70_001);
  await using file = await open(path, "w");
  await file.writeFile(bytes);
  await file.sync();
  await using medium = await openMediumReader(path, bytes.length);
  if (medium === undefined) return t.skip("this folder's file system has no O_DIRECT");
  const into = Buffer.alloc(bytes.length);
  await medium.read(0, into);
  assert.deepEqual(into, Buffer.from(bytes));
});
