import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import fc from "fast-check";

import type { DiskPiece } from "./diskContent.ts";
import { hashBytes, hashFile } from "./files.ts";
import { writeDisk } from "./writeDisk.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-disk-"));
after(() => rm(folder, { recursive: true }));
let count = 0;
const fresh = () => join(folder, String(++count));

/** Writes both forms; that qemu-img finds the same in the second is in test/build/qcow2.test.ts. */
async function write(sizeBytes: number, pieces: readonly DiskPiece[], signal?: AbortSignal) {
  const [raw, qcow2] = [fresh(), fresh()];
  return { raw, qcow2, ...(await writeDisk({ sizeBytes, pieces }, { raw, qcow2 }, signal)) };
}

test("pieces lie where they should and all else is zero, in whatever order they are given", async () => {
  const source = fresh();
  await writeFile(source, "from a file");
  const wanted = Buffer.alloc(10_000);
  wanted.write("head", 0);
  wanted.write("from a file", 4096);
  wanted.write("a f", 8000);
  wanted.write("tail", 9996);
  const disk = await write(10_000, [
    { offsetBytes: 8000, file: source, part: { startBytes: 5, sizeBytes: 3 } },
    { offsetBytes: 4096, file: source },
    { offsetBytes: 0, bytes: Buffer.from("head") },
    { offsetBytes: 10_000 - 4, bytes: Buffer.from("tail") },
  ]);
  assert.deepEqual(await readFile(disk.raw), wanted);
  assert.equal(disk.rawSha256, hashBytes(wanted));
  assert.equal(disk.qcow2Sha256, await hashFile(disk.qcow2));
});

test("the digests are those of what was written", async () => {
  const piece = fc.record({
    gap: fc.nat(1_200_000),
    bytes: fc.uint8Array({ maxLength: 5_000 }),
    times: fc.integer({ min: 1, max: 400 }),
    inFile: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 4 }), fc.nat(2_000_000), async (parts, rest) => {
      let offsetBytes = 0;
      const pieces: DiskPiece[] = [];
      const contents: Buffer[] = [];
      for (const { gap, times, inFile, ...part } of parts) {
        const bytes = Buffer.concat(Array<Uint8Array>(times).fill(part.bytes));
        offsetBytes += gap;
        contents.push(Buffer.alloc(gap), bytes);
        const file = fresh();
        if (inFile) await writeFile(file, bytes);
        pieces.push(inFile ? { offsetBytes, file } : { offsetBytes, bytes });
        offsetBytes += bytes.length;
      }
      const disk = await write(offsetBytes + rest, pieces);
      assert.equal(disk.rawSha256, hashBytes(Buffer.concat([...contents, Buffer.alloc(rest)])));
      assert.equal(disk.rawSha256, await hashFile(disk.raw));
      assert.equal(disk.qcow2Sha256, await hashFile(disk.qcow2));
      for (const path of [disk.raw, disk.qcow2]) await rm(path);
    }),
    { numRuns: 4 },
  );
});

test("zeros stay holes, from files too", async () => {
  const zeros = fresh();
  await writeFile(zeros, Buffer.alloc(8 << 20));
  const disk = await write(64 << 20, [
    { offsetBytes: 1 << 20, file: zeros },
    { offsetBytes: 32 << 20, bytes: Buffer.from("x") },
  ]);
  const { size, blocks } = await stat(disk.raw);
  assert.equal(size, 64 << 20);
  assert.ok(blocks * 512 < 1 << 20, `${blocks} blocks`);
  assert.ok((await stat(disk.qcow2)).size < 1 << 20);
});

test("pieces over each other, beyond the end, or from a file that is gone are refused", async () => {
  const bytes = Buffer.from("1234");
  const overlapping = [
    { offsetBytes: 0, bytes },
    { offsetBytes: 3, bytes },
  ];
  await assert.rejects(write(100, overlapping), /two pieces overlap at 4/);
  await assert.rejects(write(100, [{ offsetBytes: 98, bytes }]), /102 bytes do not fit into 100/);
  await assert.rejects(write(100, [{ offsetBytes: 0, file: fresh() }]), { code: "ENOENT" });
  const short = fresh();
  await writeFile(short, bytes);
  const part = { startBytes: 0, sizeBytes: 5 };
  await assert.rejects(write(100, [{ offsetBytes: 0, file: short, part }]), /became shorter/);
});

test("a disk that is there already is not written over, and the other form is given up with it", async () => {
  for (const there of ["raw", "qcow2"] as const) {
    const paths = { raw: fresh(), qcow2: fresh() };
    await writeFile(paths[there], "precious");
    await assert.rejects(writeDisk({ sizeBytes: 4 << 30, pieces: [] }, paths), { code: "EEXIST" });
    assert.equal(await readFile(paths[there], "utf8"), "precious");
  }
});

test("a disk that cannot be made says why", async () => {
  const image = { sizeBytes: 1, pieces: [] };
  await assert.rejects(writeDisk(image, { raw: "/dev/full/none", qcow2: fresh() }), { code: "ENOTDIR" });
  await assert.rejects(writeDisk(image, { raw: fresh(), qcow2: "/proc/none" }), { code: "ENOENT" });
});

test("writing ends when it is to be given up", async () => {
  const stop = new Error("enough");
  await assert.rejects(write(1, [], AbortSignal.abort(stop)), stop);
  const startedAt = performance.now();
  const abort = new AbortController();
  const written = write(64 * 2 ** 30, [], abort.signal); // hashing alone takes a minute
  setTimeout(() => abort.abort(stop), 200);
  await assert.rejects(written, stop);
  assert.ok(performance.now() - startedAt < 10_000);
});
