import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { verityTreeSizeBytes } from "#definition/diskSpace.ts";
import { everyBit, findAcceptedFlips } from "#trust/flipBit.fixture.ts";

import { makeHashTree, makeSlotRelease } from "./memorySlot.fixture.ts";
import {
  encodeVeritySuperblock,
  parseVeritySuperblock,
  VERITY_BLOCK_BYTES,
  VerityTreeError,
} from "./veritySuperblock.ts";
import { verityLevelsOf, VerityTreeHash } from "./verityTree.ts";

/** Blocks of data, then root hash and SHA-256 of the whole tree as veritysetup 2.7.5 made them. */
const GOLDEN = [
  [
    1,
    "fd7696d1d4ebd272b365c693f36bb7e9bc4bdec04f5a24640b8077580f4786b3",
    "25826ee5bc85f026eacfaa63ef944655ac26bc99ddb8a6b4bc435afc07f61e05",
  ],
  [
    2,
    "f2306b1c8968330d6ee59b78aa658a90fdb394d4796ddccc6a86b1ddc1dd1857",
    "83d54860f212408e7de1f5cef03d94fb795171dfb0da82c77ccea4cdf200ca19",
  ],
  [
    128,
    "c7645c3319211df106c1c3e020ce5a6cbfd0a2e9f83a3077a56e4db647368ae3",
    "9e203454a8e8b453d1530c8c6e8a1714a7237b358fb0f311592b95115ccb4449",
  ],
  [
    129,
    "abf58e1cf962cc9010d1a7ac8e98d748c87203d00f2904e9f28aaeb45af76fe3",
    "303c806b48ba904bb58effdcd2cf77a1cd56cbabc50deff433befaaf6a8d6dad",
  ],
  [
    300,
    "c0a362df7561178b0c1696200de6c02edd008db02ac4d8b84dbc47055c36b957",
    "0771d59f8efe358ad48b1f7882d15a279e1c9d01b3724c8c2e41ad07229b5a1b",
  ],
] as const;

for (const [blocks, rootHash, treeSha256] of GOLDEN) {
  test(`the tree of ${blocks} blocks is the one that veritysetup made`, () => {
    const { images, release } = makeSlotRelease(blocks);
    assert.equal(release.rootHash, rootHash);
    assert.equal(createHash("sha256").update(images.verity).digest("hex"), treeSha256);
  });
}

test("levels lie from the top down behind the superblock, and are as large as the definition reckons", () => {
  assert.deepEqual(verityLevelsOf(1), []);
  assert.deepEqual(verityLevelsOf(129), [
    { offsetBytes: 4096, blocks: 1 },
    { offsetBytes: 8192, blocks: 2 },
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (dataBlocks) => {
      const levels = verityLevelsOf(dataBlocks);
      const blocks = levels.reduce((sum, level) => sum + level.blocks, 1);
      assert.equal(blocks * VERITY_BLOCK_BYTES, verityTreeSizeBytes(dataBlocks * VERITY_BLOCK_BYTES));
      assert.ok(levels.length === 0 || levels[0]?.blocks === 1);
    }),
  );
});

test("in which portions the data come makes no difference", () => {
  const { images, release } = makeSlotRelease(260);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 130 }), { minLength: 1, maxLength: 20 }), (portions) => {
      const tree = new VerityTreeHash(images.root.length);
      const placed = [];
      let start = 0;
      for (let turn = 0; start < images.root.length; turn++) {
        // Every other portion has one block at least, so that there is an end.
        const blocks = (portions[turn % portions.length] ?? 0) + (turn % 2);
        const end = Math.min(start + blocks * VERITY_BLOCK_BYTES, images.root.length);
        placed.push(...tree.update(images.root.subarray(start, end)));
        start = end;
      }
      const { blocks, rootHash } = tree.digest();
      const bytes = Buffer.alloc(images.verity.length, 0xff);
      for (const block of [...placed, ...blocks]) bytes.set(block.bytes, block.offsetBytes);
      assert.equal(rootHash, release.rootHash);
      assert.equal(Buffer.compare(bytes, images.verity), 0);
    }),
    { numRuns: 20 },
  );
});

test("data that are no whole blocks, none, too few or too many are refused", () => {
  const refused = { code: "hash-tree-malformed" };
  for (const sizeBytes of [0, -4096, 1, 4097, Number.NaN, 2 ** 60])
    assert.throws(() => new VerityTreeHash(sizeBytes), refused, String(sizeBytes));
  const tree = new VerityTreeHash(3 * VERITY_BLOCK_BYTES);
  assert.throws(() => tree.update(Buffer.alloc(100)), refused);
  tree.update(Buffer.alloc(2 * VERITY_BLOCK_BYTES));
  assert.throws(() => tree.digest(), refused);
  tree.update(Buffer.alloc(2 * VERITY_BLOCK_BYTES));
  assert.throws(() => tree.digest(), refused);
});

test("a superblock is read back, and any other bit makes another one or none", () => {
  const superblock = encodeVeritySuperblock({ dataBlocks: 300 });
  assert.deepEqual(parseVeritySuperblock(superblock), { dataBlocks: 300 });
  const accepted = findAcceptedFlips(
    superblock,
    [...everyBit(superblock.subarray(0, 512)), VERITY_BLOCK_BYTES * 4, VERITY_BLOCK_BYTES * 8 - 1],
    (changed) => parseVeritySuperblock(changed),
    (error) => error instanceof VerityTreeError && error.code === "hash-tree-malformed",
  );
  // The number of blocks is what a superblock says; it is for whoever knows the release to compare.
  assert.deepEqual(accepted, bitsOfDataBlocks());
});

/** Bytes 72 to 79; the highest bits make a number that no device has. */
function bitsOfDataBlocks(): number[] {
  return Array.from({ length: 64 }, (_, bit) => 72 * 8 + bit).filter(
    (_, bit) => 2 ** bit + 300 <= Number.MAX_SAFE_INTEGER / VERITY_BLOCK_BYTES,
  );
}

test("a superblock that is cut off, empty or for nothing is refused", () => {
  const superblock = encodeVeritySuperblock({ dataBlocks: 300 });
  for (const bytes of [
    Buffer.alloc(0),
    superblock.subarray(0, 4095),
    Buffer.alloc(VERITY_BLOCK_BYTES),
    encodeVeritySuperblock({ dataBlocks: 0 }),
  ])
    assert.throws(() => parseVeritySuperblock(bytes), { code: "hash-tree-malformed" });
});

test("one other bit anywhere in the data makes another root hash", () => {
  const { images, release } = makeSlotRelease(130);
  fc.assert(
    fc.property(fc.nat({ max: images.root.length * 8 - 1 }), (bit) => {
      const changed = Buffer.from(images.root);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      assert.notEqual(makeHashTree(changed).rootHash, release.rootHash);
    }),
    { numRuns: 20 },
  );
});
