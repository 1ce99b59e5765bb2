import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { findWrongRuns, listHashedBlocks, type HashedBlocks } from "./hashedBlocks.ts";
import { makeMemorySlot, makeSlotRelease } from "./memorySlot.fixture.ts";

const { images, release } = makeSlotRelease(300);

function openData(): { slot: ReturnType<typeof makeMemorySlot>; data: HashedBlocks } {
  const slot = makeMemorySlot(images, images);
  const data = listHashedBlocks(slot, release).at(-1);
  assert.ok(data !== undefined);
  return { slot, data };
}

test("the tree gives the hash of each block, wherever a range begins and ends", async () => {
  const { data } = openData();
  const expected = Buffer.concat(
    Array.from({ length: 300 }, (_, block) =>
      createHash("sha256")
        .update(images.root.subarray(block * 4096, block * 4096 + 4096))
        .digest(),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 299 }), fc.nat({ max: 299 }), async (a, b) => {
      const [first, last] = a < b ? [a, b] : [b, a];
      const hashes = await data.hashesOf(first, last - first + 1);
      assert.deepEqual(hashes, expected.subarray(first * 32, last * 32 + 32));
    }),
  );
});

test("no hash is given from a block of the tree that is not the root hash's", async () => {
  const { slot, data } = openData();
  // Levels begin at blocks 1 and 2; the data's first 128 hashes are in block 2, their last 44 in block 4.
  slot.verity.bytes.writeUInt8(slot.verity.bytes.readUInt8(2 * 4096) ^ 1, 2 * 4096);
  await assert.rejects(data.hashesOf(0, 1), { code: "hash-tree-wrong" });
  await assert.rejects(data.hashesOf(127, 2), { code: "hash-tree-wrong" });
  assert.equal((await data.hashesOf(128, 172)).length, 172 * 32);
  slot.verity.bytes.writeUInt8(slot.verity.bytes.readUInt8(4096 + 4095) ^ 1, 4096 + 4095); // padding of the top
  await assert.rejects(data.hashesOf(128, 1), { code: "hash-tree-wrong" });
});

test("runs are as long as the wrong blocks are neighbours, and together with the whole ones they are all", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 299 }), { maxLength: 200 }), async (blocks) => {
      const { slot, data } = openData();
      const wrong = [...new Set(blocks)].toSorted((a, b) => a - b);
      for (const block of wrong)
        slot.root.bytes.writeUInt8(slot.root.bytes.readUInt8(block * 4096) ^ 1, block * 4096);
      let wholeBytes = 0;
      const found: number[] = [];
      let end = -1;
      for await (const { first, count } of findWrongRuns(data, (bytes) => (wholeBytes += bytes))) {
        assert.ok(first > end, "no two runs touch");
        end = first + count;
        for (let block = first; block < end; block++) found.push(block);
      }
      assert.deepEqual(found, wrong);
      assert.equal(wholeBytes, (300 - wrong.length) * 4096);
    }),
    { numRuns: 30 },
  );
});

test("a run that is very long is cut, so that what is fetched begins soon", async () => {
  const blocks: HashedBlocks = {
    kind: "root",
    device: {
      sizeBytes: 2 ** 40,
      read: async (_offset, sizeBytes) => Buffer.alloc(sizeBytes),
      write: async () => assert.fail("nothing is written"),
      flush: async () => assert.fail("nothing is flushed"),
    },
    offsetBytes: 0,
    count: 2 ** 28,
    hashesOf: async (_first, count) => Buffer.alloc(count * 32),
  };
  const runs = findWrongRuns(blocks, () => undefined);
  assert.deepEqual((await runs.next()).value, { first: 0, count: 16_384 });
  assert.deepEqual((await runs.next()).value, { first: 16_384, count: 16_384 });
  await runs.return(undefined);
});
