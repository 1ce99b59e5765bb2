import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { examineUki } from "./examineUki.ts";
import { makeTestUki } from "./updateRelease.fixture.ts";

const ROOT_HASH = "5a".repeat(32);
/** Of the section table's first entry, in what makeTestUki makes: offset in the file, size. */
const SIZE_AT = 0x98 + 112 + 16;
const OFFSET_AT = 0x98 + 112 + 20;

/** With its command line at another place in the file. */
function withCommandLineAt(offsetBytes: number): Buffer {
  const uki = makeTestUki("1.0", ROOT_HASH);
  const from = uki.readUInt32LE(OFFSET_AT);
  const commandLine = uki.subarray(from, from + uki.readUInt32LE(SIZE_AT));
  const moved = Buffer.alloc(offsetBytes + commandLine.length + 100);
  uki.copy(moved);
  moved.fill(0, from, from + commandLine.length);
  moved.set(commandLine, offsetBytes);
  moved.writeUInt32LE(offsetBytes, OFFSET_AT);
  return moved;
}

/** All in the same memory, as they come from a disk. */
async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(pieceBytes);
  for (let at = 0; at < bytes.length; at += pieceBytes)
    yield memory.subarray(0, bytes.copy(memory, 0, at, at + pieceBytes));
}

test("digest and root hash are found wherever the command line lies, in pieces of any size", async () => {
  const sizes = fc.integer({ min: 1, max: 5000 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1400, max: 9000 }), sizes, async (offsetBytes, pieceBytes) => {
      const uki = withCommandLineAt(offsetBytes);
      assert.deepEqual(await examineUki(piecesOf(uki, pieceBytes)), {
        sha256: createHash("sha256").update(uki).digest("hex"),
        rootHash: ROOT_HASH,
      });
    }),
  );
});

for (const [what, bytes] of [
  ["nothing", Buffer.alloc(0)],
  ["no kernel image", Buffer.alloc(10_000, "text")],
  ["one that ends in its section table", makeTestUki("1.0", ROOT_HASH).subarray(0, 0x98 + 112)],
  ["one that ends in its command line", withCommandLineAt(6000).subarray(0, 6020)],
  ["a command line longer than any kernel takes", withLength(withCommandLineAt(6000), 1 << 30)],
] as const)
  test(`no root hash: ${what}`, async () => {
    const { sha256, rootHash } = await examineUki(piecesOf(bytes, 1000));
    assert.equal(rootHash, undefined);
    assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
  });

function withLength(uki: Buffer, sizeBytes: number): Buffer {
  uki.writeUInt32LE(sizeBytes, SIZE_AT);
  uki.writeUInt32LE(sizeBytes, SIZE_AT - 8);
  return uki;
}
