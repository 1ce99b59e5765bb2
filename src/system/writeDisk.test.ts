import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import fc from "fast-check";

import { hashBytes, hashFile } from "./files.ts";
import { hashDisk, writeDisk, type DiskPiece } from "./writeDisk.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-disk-"));
after(() => rm(folder, { recursive: true }));
let count = 0;
const fresh = () => join(folder, String(++count));

test("pieces lie where they should and all else is zero, in whatever order they are given", async () => {
  const source = fresh();
  await writeFile(source, "from a file");
  const pieces: DiskPiece[] = [
    { offsetBytes: 4096, file: source },
    { offsetBytes: 0, bytes: Buffer.from("head") },
    { offsetBytes: 10_000 - 4, bytes: Buffer.from("tail") },
  ];
  const wanted = Buffer.alloc(10_000);
  wanted.write("head", 0);
  wanted.write("from a file", 4096);
  wanted.write("tail", 9996);
  const disk = fresh();
  await writeDisk(disk, 10_000, pieces);
  assert.deepEqual(await readFile(disk), wanted);
  assert.equal(await hashDisk(10_000, pieces), hashBytes(wanted));
});

test("the digest without writing is that of the written disk", async () => {
  const piece = fc.record({
    gap: fc.nat(1_200_000),
    bytes: fc.uint8Array({ maxLength: 5_000 }),
    inFile: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 4 }), fc.nat(2_000_000), async (parts, rest) => {
      let offsetBytes = 0;
      const pieces: DiskPiece[] = [];
      for (const { gap, bytes, inFile } of parts) {
        offsetBytes += gap;
        const file = fresh();
        if (inFile) await writeFile(file, bytes);
        pieces.push(inFile ? { offsetBytes, file } : { offsetBytes, bytes });
        offsetBytes += bytes.length;
      }
      const disk = fresh();
      await writeDisk(disk, offsetBytes + rest, pieces);
      assert.equal(await hashDisk(offsetBytes + rest, pieces), await hashFile(disk));
      await rm(disk);
    }),
    { numRuns: 4 },
  );
});

test("zeros stay holes, from files too", async () => {
  const zeros = fresh();
  await writeFile(zeros, Buffer.alloc(8 << 20));
  const disk = fresh();
  await writeDisk(disk, 64 << 20, [
    { offsetBytes: 1 << 20, file: zeros },
    { offsetBytes: 32 << 20, bytes: Buffer.from("x") },
  ]);
  const { size, blocks } = await stat(disk);
  assert.equal(size, 64 << 20);
  assert.ok(blocks * 512 < 1 << 20, `${blocks} blocks`);
});

test("pieces over each other, beyond the end, or from a file that is gone are refused", async () => {
  const bytes = Buffer.from("1234");
  const overlapping = [
    { offsetBytes: 0, bytes },
    { offsetBytes: 3, bytes },
  ];
  await assert.rejects(hashDisk(100, overlapping), /two pieces overlap at 4/);
  await assert.rejects(hashDisk(100, [{ offsetBytes: 98, bytes }]), /102 bytes do not fit into 100/);
  await assert.rejects(hashDisk(100, [{ offsetBytes: 0, file: fresh() }]), { code: "ENOENT" });
});

test("a disk that is there already is not written over", async () => {
  const disk = fresh();
  await writeFile(disk, "precious");
  await assert.rejects(writeDisk(disk, 100, []), { code: "EEXIST" });
  assert.equal(await readFile(disk, "utf8"), "precious");
});

test("a disk that cannot be made says why", async () => {
  await assert.rejects(writeDisk("/dev/full/none", 1, []), { code: "ENOTDIR" });
  await assert.rejects(writeDisk(join("/proc", "none"), 1, []), { code: "ENOENT" });
});
