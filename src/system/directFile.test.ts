import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { alignedBuffer, DirectFile } from "./directFile.ts";

const MEBIBYTE = 1 << 20;

for (const place of [tmpdir(), "/dev/shm"]) {
  test(`a file in ${place} holds what was written, aligned or not, in whatever order`, async () => {
    const folder = await mkdtemp(join(place, "socle-direct-"));
    after(() => rm(folder, { recursive: true }));
    const path = join(folder, "file");
    const bytes = alignedBuffer(MEBIBYTE);
    for (const at of bytes.keys()) bytes[at] = (at * 7 + (at >> 8)) % 251;
    const wanted = Buffer.alloc(4 * MEBIBYTE + 5);
    {
      using file = new DirectFile(path);
      for (const [from, to, offset] of [
        [0, MEBIBYTE, 3 * MEBIBYTE],
        [0, 65_536, 4096],
        [4096, 12_288, 0],
        [1, 4097, MEBIBYTE],
        [0, 4097, 2 * MEBIBYTE],
        [0, 4096, 2 * MEBIBYTE + 512],
        [0, 5, 4 * MEBIBYTE],
      ] as const) {
        file.write(bytes.subarray(from, to), offset);
        wanted.set(bytes.subarray(from, to), offset);
      }
    }
    assert.ok(wanted.equals(await readFile(path)));
  });
}

test("memory that begins at a page is where the system takes it", async () => {
  const { constants, openSync, writeSync, closeSync } = await import("node:fs");
  const folder = await mkdtemp(join(tmpdir(), "socle-direct-"));
  after(() => rm(folder, { recursive: true }));
  const file = openSync(join(folder, "file"), constants.O_CREAT | constants.O_WRONLY | constants.O_DIRECT);
  for (let i = 0; i < 8; i++)
    assert.equal(writeSync(file, alignedBuffer(MEBIBYTE), 0, MEBIBYTE, 0), MEBIBYTE);
  closeSync(file);
});

test("a file that is there already is not written over", async () => {
  const folder = await mkdtemp(join(tmpdir(), "socle-direct-"));
  after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "file"), "precious");
  assert.throws(() => new DirectFile(join(folder, "file")), { code: "EEXIST" });
});
