import assert from "node:assert/strict";
import { test } from "node:test";

import { countMissingBytes } from "./countMissingBytes.ts";
import { holdsRoot } from "./holdsRoot.ts";
import { makeMemorySlot, makeSlotRelease, MemorySource } from "./memorySlot.fixture.ts";
import { totalBytesOf } from "./slotRelease.ts";
import { writeSlot } from "./writeSlot.ts";

/** Two levels of hashes. */
const { images, release } = makeSlotRelease(200);

test("a slot holds a root when every block of it and of its hash tree is right, whatever lies behind", async () => {
  const slot = makeMemorySlot(images, images);
  let last = 0;
  const onProgress = ({ verifiedBytes, totalBytes }: { verifiedBytes: number; totalBytes: number }) =>
    (last = verifiedBytes / totalBytes);
  assert.equal(await holdsRoot(slot, release.rootHash, { onProgress }), true);
  assert.equal(last, 1);
});

test("one bit that is wrong anywhere, another root hash or a tree for a larger disk, and it does not", async () => {
  for (const [device, offset] of [
    ["root", 0],
    ["root", images.root.length - 1],
    ["verity", 40],
    ["verity", 5000],
    ["verity", images.verity.length - 1],
  ] as const) {
    const slot = makeMemorySlot(images, images);
    slot[device].bytes[offset] = (slot[device].bytes[offset] ?? 0) ^ 1;
    assert.equal(await holdsRoot(slot, release.rootHash), false, `${device} ${offset}`);
  }
  const slot = makeMemorySlot(images, images);
  assert.equal(await holdsRoot(slot, "ab".repeat(32)), false);
  const larger = makeSlotRelease(400);
  const small = makeMemorySlot(images, { ...images, verity: larger.images.verity.subarray(0, 4096) });
  assert.equal(await holdsRoot(small, larger.release.rootHash), false);
});

/** Behind the signature there are zeros, as an update leaves them. */
function makeSlot(content: Parameters<typeof makeMemorySlot>[1]) {
  const slot = makeMemorySlot(images, content);
  slot.signature.bytes.fill(0, images["root-signature"].length);
  return slot;
}

test("what an update would fetch is what is not right in the slot, counted as far as the tree can tell", async () => {
  const { verityBytes } = release;
  const all = totalBytesOf(release);
  assert.equal(await countMissingBytes(makeSlot({}), release), all);
  assert.equal(await countMissingBytes(makeSlot(images), release), 0);
  const withoutTree = makeSlot({ root: images.root });
  assert.equal(await countMissingBytes(withoutTree, release), all, "without its tree a root says nothing");
  const treeOnly = makeSlot({ verity: images.verity });
  assert.equal(await countMissingBytes(treeOnly, release), all - verityBytes);
  const holed = makeSlot(images);
  holed.root.bytes.fill(1, 8192, 8192 + 3 * 4096);
  assert.equal(await countMissingBytes(holed, release), 3 * 4096);
  const source = new MemorySource(images);
  await writeSlot(holed, source, release);
  assert.equal(source.askedBytes, 3 * 4096, "and so it is");
});
