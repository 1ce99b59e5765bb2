import assert from "node:assert/strict";
import { test } from "node:test";

import { makeMemorySlot, makeSlotRelease, MemorySource, type MemorySlot } from "./memorySlot.fixture.ts";
import { verifySlot, type SlotVerification } from "./verifySlot.ts";
import { writeSlot } from "./writeSlot.ts";

const { images, release } = makeSlotRelease(300);

async function makeWrittenSlot(): Promise<MemorySlot> {
  const slot = makeMemorySlot(images, images);
  await writeSlot(slot, new MemorySource(images), release);
  return slot;
}

test("all of a slot is counted, part by part", async () => {
  const seen: SlotVerification[] = [];
  await verifySlot(await makeWrittenSlot(), release, (progress) => seen.push(progress));
  const totalBytes = release.rootBytes + release.verityBytes + release.signatureBytes;
  assert.deepEqual(seen.at(-1), { kind: "root", totalBytes, verifiedBytes: totalBytes });
  assert.deepEqual([...new Set(seen.map(({ kind }) => kind))], ["root-signature", "verity", "root"]);
});

test("the place that is damaged is named", async () => {
  const places = [
    ["root", 255 * 4096 + 17, "the block at byte 1044480 of root"],
    ["verity", 0, "the block at byte 0 of verity"],
    ["verity", 4096 + 31, "the block at byte 4096 of verity"],
    ["verity", 4 * 4096, "the block at byte 16384 of verity"],
    ["signature", 0, "root-signature"],
    ["signature", 65_535, "root-signature"],
  ] as const;
  for (const [device, offset, place] of places) {
    const slot = await makeWrittenSlot();
    slot[device].bytes.writeUInt8(slot[device].bytes.readUInt8(offset) ^ 0x80, offset);
    await assert.rejects(verifySlot(slot, release), {
      code: "slot-damaged",
      message: `Cannot use the slot: ${place} is not what was signed`,
    });
  }
});

test("a slot holds a release with the root hash only, and what lies behind its images does not matter", async () => {
  const slot = await makeWrittenSlot();
  slot.root.bytes.fill(0x11, images.root.length);
  slot.verity.bytes.fill(0x22, images.verity.length);
  await verifySlot(slot, release);
  const other = makeSlotRelease(300, "other").release;
  await assert.rejects(verifySlot(slot, { ...release, rootHash: other.rootHash }), { code: "slot-damaged" });
  await assert.rejects(verifySlot(slot, { ...release, signatureSha256: other.signatureSha256 }), {
    code: "slot-damaged",
  });
});

test("nothing is written while a slot is verified, and it can be called off", async () => {
  const slot = await makeWrittenSlot();
  const counts = () => [slot.root, slot.verity, slot.signature].map(({ writes }) => writes);
  const before = counts();
  await verifySlot(slot, release);
  assert.deepEqual(counts(), before);
  const abort = new AbortController();
  await assert.rejects(
    verifySlot(
      slot,
      release,
      ({ kind }) => kind === "root" && abort.abort(new Error("called off")),
      abort.signal,
    ),
    { message: "called off" },
  );
});

test("a disk that cannot be read says so itself", async () => {
  const slot = await makeWrittenSlot();
  const root = Object.assign(slot.root, {
    read: () => Promise.reject(new Error("input/output error")),
  });
  await assert.rejects(verifySlot({ ...slot, root }, release), { message: "input/output error" });
});
