import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { parseSha256 } from "#release/sha256.ts";
import { flipBit } from "#trust/flipBit.fixture.ts";

import {
  makeMemorySlot,
  makeSlotRelease,
  MemorySource,
  PowerCut,
  type MemorySlot,
  type SlotImages,
} from "./memorySlot.fixture.ts";
import type { SlotRelease } from "./slotRelease.ts";
import type { ImageKind, ImageSource } from "./updateDevices.ts";
import { verifySlot } from "./verifySlot.ts";
import { VERITY_BLOCK_BYTES } from "./veritySuperblock.ts";
import { writeSlot, type SlotProgress } from "./writeSlot.ts";

/** More blocks than a piece has, and a tree of two levels. */
const { images, release } = makeSlotRelease(300);
const ALL_BYTES = release.rootBytes + release.verityBytes + release.signatureBytes;

function assertHolds(slot: MemorySlot, wanted: SlotImages): void {
  for (const [device, image] of [
    [slot.root, wanted.root],
    [slot.verity, wanted.verity],
    [slot.signature, wanted["root-signature"]],
  ] as const)
    assert.equal(Buffer.compare(device.bytes.subarray(0, image.length), image), 0);
  const padding = slot.signature.bytes.subarray(wanted["root-signature"].length);
  assert.ok(
    padding.every((byte) => byte === 0),
    "behind the signature are zeros to the end",
  );
}

/** Answers for some of the requests otherwise than from the images. */
function sourceOf(
  answer: (kind: ImageKind, bytes: Uint8Array) => AsyncIterable<Uint8Array> | undefined,
): ImageSource {
  const source = new MemorySource(images);
  return {
    read(kind, offsetBytes, sizeBytes) {
      const image = kind === "uki" ? Buffer.alloc(0) : images[kind];
      const other = answer(kind, image.subarray(offsetBytes, offsetBytes + sizeBytes));
      return other ?? source.read(kind, offsetBytes, sizeBytes);
    },
  };
}

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

for (const blocks of [1, 2, 128, 129, 256, 257, 600]) {
  test(`a slot is written with ${blocks} blocks, verified, and then nothing is fetched again`, async () => {
    const small = makeSlotRelease(blocks);
    const slot = makeMemorySlot(small.images);
    const source = new MemorySource(small.images, 5000);
    const progress = await writeSlot(slot, source, small.release);
    const { rootBytes, verityBytes, signatureBytes } = small.release;
    assertHolds(slot, small.images);
    await verifySlot(slot, small.release);
    assert.equal(source.askedBytes, rootBytes + verityBytes + signatureBytes);
    assert.equal(progress.writtenBytes, source.askedBytes);

    const again = new MemorySource(small.images);
    const writes = slot.root.writes + slot.verity.writes + slot.signature.writes;
    const { keptBytes } = await writeSlot(slot, again, small.release);
    assert.deepEqual(again.requests, []);
    assert.equal(keptBytes, progress.totalBytes);
    assert.equal(slot.root.writes + slot.verity.writes + slot.signature.writes, writes);
  });
}

test("everything is flushed before the slot counts as written", async () => {
  const slot = makeMemorySlot(images);
  await writeSlot(slot, new MemorySource(images), release);
  for (const device of [slot.root, slot.verity, slot.signature])
    assert.equal(
      Buffer.compare(
        device.losing(() => true),
        device.bytes,
      ),
      0,
    );
});

test("only the blocks that are not there are fetched, neighbours in one request", async () => {
  const root = Buffer.from(images.root);
  for (const block of [0, 7, 8, 9, 255, 256, 299]) root.fill(0, block * 4096, block * 4096 + 4096);
  const slot = makeMemorySlot(images, { ...images, root });
  const source = new MemorySource(images);
  const progress = await writeSlot(slot, source, release);
  assert.deepEqual(
    source.requests.filter(({ kind }) => kind === "root"),
    [
      [0, 1],
      [7, 3],
      [255, 2],
      [299, 1],
    ].map(([first = 0, count = 0]) => ({
      kind: "root",
      offsetBytes: first * 4096,
      sizeBytes: count * 4096,
    })),
  );
  assert.equal(progress.fetchedBytes, 7 * 4096 + release.signatureBytes); // its partition was not zero to the end
  assertHolds(slot, images);
});

test("one flipped bit in any of the partitions is found and mended", async () => {
  const whole = makeMemorySlot(images, images);
  await writeSlot(whole, new MemorySource(images), release);
  const content = {
    root: whole.root.bytes,
    verity: whole.verity.bytes,
    "root-signature": whole.signature.bytes,
  };
  const kinds = { root: release.rootBytes, verity: release.verityBytes, "root-signature": 64 * 1024 };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("root", "verity", "root-signature"),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      async (kind, place) => {
        const bit = Math.floor(place * kinds[kind] * 8);
        const slot = makeMemorySlot(images, { ...content, [kind]: flipBit(content[kind], bit) });
        // Behind the images a partition may hold what it likes.
        await assert.rejects(verifySlot(slot, release), { code: "slot-damaged" });
        const source = new MemorySource(images);
        await writeSlot(slot, source, release);
        assert.equal(source.askedBytes, 4096);
        assert.equal(source.requests[0]?.kind, kind);
        assertHolds(slot, images);
        await verifySlot(slot, release);
      },
    ),
    { numRuns: 40 },
  );
});

test("whatever part of a slot is right, exactly the rest is fetched", async () => {
  const blocksOf = (sizeBytes: number) =>
    fc.array(fc.boolean(), {
      minLength: sizeBytes / 4096,
      maxLength: sizeBytes / 4096,
    });
  await fc.assert(
    fc.asyncProperty(
      blocksOf(release.rootBytes),
      blocksOf(release.verityBytes),
      fc.integer({ min: 500, max: 20_000 }),
      async (rootWrong, verityWrong, chunkBytes) => {
        const spoil = (image: Buffer, wrong: boolean[]) => {
          const bytes = Buffer.from(image);
          for (const [block, isWrong] of wrong.entries())
            if (isWrong) bytes.fill(0x5a, block * 4096, block * 4096 + 4096);
          return bytes;
        };
        const signature = Buffer.alloc(64 * 1024);
        images["root-signature"].copy(signature);
        const slot = makeMemorySlot(images, {
          root: spoil(images.root, rootWrong),
          verity: spoil(images.verity, verityWrong),
          "root-signature": signature,
        });
        const source = new MemorySource(images, chunkBytes);
        const progress = await writeSlot(slot, source, release);
        const wrongBytes = [...rootWrong, ...verityWrong].filter(Boolean).length * 4096;
        assert.equal(source.askedBytes, wrongBytes);
        assert.equal(progress.fetchedBytes, wrongBytes);
        assert.equal(progress.writtenBytes, wrongBytes);
        assert.equal(progress.keptBytes, ALL_BYTES - wrongBytes);
        assertHolds(slot, images);
      },
    ),
    { numRuns: 10 },
  );
});

test("progress only grows, and ends when everything is there", async () => {
  const seen: SlotProgress[] = [];
  const root = Buffer.from(images.root).fill(0, 0, 40 * 4096);
  await writeSlot(makeMemorySlot(images, { root }), new MemorySource(images), release, (progress) =>
    seen.push(progress),
  );
  for (const [index, progress] of seen.entries()) {
    const before = seen[index - 1];
    assert.ok(progress.writtenBytes <= progress.fetchedBytes);
    assert.ok(progress.keptBytes + progress.writtenBytes <= progress.totalBytes);
    if (before === undefined) continue;
    for (const key of ["keptBytes", "fetchedBytes", "writtenBytes"] as const)
      assert.ok(progress[key] >= before[key], key);
  }
  const last = seen.at(-1);
  assert.equal(last?.totalBytes, ALL_BYTES);
  assert.equal((last?.keptBytes ?? 0) + (last?.writtenBytes ?? 0), ALL_BYTES);
  assert.deepEqual([...new Set(seen.map(({ kind }) => kind))], ["root-signature", "verity", "root"]);
});

/** Kills at the write with this number, after this share of its bytes, and loses these of the unflushed writes. */
async function writeUntilCut(
  content: Partial<SlotImages>,
  cut: { atWrite: number; share: number; lost: readonly boolean[] },
): Promise<{ done: boolean; content: SlotImages }> {
  let writes = 0;
  const devices = makeMemorySlot(images, content, (_offset, { length }) =>
    writes++ === cut.atWrite ? Math.floor((length * cut.share) / 512) * 512 : length,
  );
  let done = true;
  try {
    await writeSlot(devices, new MemorySource(images), release);
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    done = false;
  }
  const isLost = (index: number) => cut.lost[index % cut.lost.length] ?? false;
  return {
    done,
    content: {
      root: devices.root.losing(isLost),
      verity: devices.verity.losing(isLost),
      "root-signature": devices.signature.losing(isLost),
    },
  };
}

test("a power cut at each write leaves what the next run finishes", async () => {
  for (let atWrite = 0; ; atWrite++) {
    const { done, content } = await writeUntilCut({}, { atWrite, share: 0.5, lost: [false] });
    const slot = makeMemorySlot(images, content);
    if (!done) await assert.rejects(verifySlot(slot, release));
    await writeSlot(slot, new MemorySource(images), release);
    assertHolds(slot, images);
    await verifySlot(slot, release);
    if (done) {
      assert.ok(atWrite > 5, "there were that many writes");
      return;
    }
  }
});

test("power cuts in any number, with any of the unflushed writes lost, never make a wrong slot", async () => {
  const cut = fc.record({
    atWrite: fc.nat({ max: 8 }),
    share: fc.double({ min: 0, max: 0.99, noNaN: true }),
    lost: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(cut, { minLength: 1, maxLength: 4 }), async (cuts) => {
      let content: Partial<SlotImages> = {};
      for (const one of cuts) {
        const outcome = await writeUntilCut(content, one);
        content = outcome.content;
        if (outcome.done) await verifySlot(makeMemorySlot(images, content), release);
      }
      const slot = makeMemorySlot(images, content);
      await writeSlot(slot, new MemorySource(images), release);
      assertHolds(slot, images);
    }),
    { numRuns: 40 },
  );
});

test("one flipped bit in what is served is refused, and the block that has it is not written", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("root", "verity", "root-signature"),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      async (kind, place) => {
        const served = { ...images };
        const bit = Math.floor(place * images[kind].length * 8);
        served[kind] = flipBit(images[kind], bit);
        const slot = makeMemorySlot(images);
        await assert.rejects(writeSlot(slot, new MemorySource(served), release), { code: "image-tampered" });
        const device = kind === "root-signature" ? slot.signature : slot[kind];
        const block = Math.floor(bit / 8 / 4096) * 4096;
        assert.deepEqual(device.bytes.subarray(block, block + 4096), Buffer.alloc(4096, 0xa5));
        await writeSlot(slot, new MemorySource(images), release);
        assertHolds(slot, images);
      },
    ),
    { numRuns: 40 },
  );
});

test("another release's images are refused before a byte of them is written", async () => {
  const other = makeSlotRelease(300, "other");
  const slot = makeMemorySlot(images);
  const served = { ...other.images, "root-signature": images["root-signature"] };
  await assert.rejects(writeSlot(slot, new MemorySource(served), release), { code: "image-tampered" });
  assert.equal(slot.root.writes, 0);
  assert.equal(slot.verity.bytes.indexOf(other.images.verity.subarray(4096, 4128)), -1);
});

const BAD_SOURCES: readonly {
  name: string;
  code: string;
  answer: (bytes: Uint8Array) => AsyncIterable<Uint8Array>;
}[] = [
  { name: "nothing", code: "download-truncated", answer: () => chunksOf() },
  {
    name: "one byte too few",
    code: "download-truncated",
    answer: (bytes) => chunksOf(bytes.subarray(0, -1)),
  },
  {
    name: "one byte too many",
    code: "endless-data",
    answer: (bytes) => chunksOf(bytes, Buffer.alloc(1)),
  },
  {
    name: "one byte too many in the last chunk",
    code: "endless-data",
    answer: (bytes) => chunksOf(Buffer.concat([bytes, Buffer.alloc(1)])),
  },
  {
    name: "data without end",
    code: "endless-data",
    async *answer(bytes) {
      yield bytes;
      for (;;) yield Buffer.alloc(65_536);
    },
  },
  {
    name: "other data without end",
    code: "image-tampered",
    async *answer() {
      for (;;) yield Buffer.alloc(65_536);
    },
  },
];

for (const { name, code, answer } of BAD_SOURCES) {
  for (const badKind of ["root", "verity", "root-signature"] as const) {
    // A signature is small and checked as a whole, so that too much of it is seen before what it is.
    const wanted = name.startsWith("other") && badKind === "root-signature" ? "endless-data" : code;
    test(`a server that sends ${name} for ${badKind} is refused`, async () => {
      const slot = makeMemorySlot(images);
      const source = sourceOf((kind, bytes) => (kind === badKind ? answer(bytes) : undefined));
      await assert.rejects(writeSlot(slot, source, release), { code: wanted });
      // What was too much came behind what was right, and that may stay.
      if (wanted !== "endless-data") await assert.rejects(verifySlot(slot, release));
      await writeSlot(slot, new MemorySource(images), release);
      assertHolds(slot, images);
    });
  }
}

test("over a line that breaks after every few blocks, each try gets further", async () => {
  const slot = makeMemorySlot(images);
  const broken = sourceOf((_kind, bytes) => {
    return (async function* () {
      yield bytes.subarray(0, 20 * VERITY_BLOCK_BYTES + 100);
      if (bytes.length > 20 * VERITY_BLOCK_BYTES + 100) throw new Error("connection reset");
    })();
  });
  let tries = 1;
  for (; ; tries++) {
    try {
      await writeSlot(slot, broken, release);
      break;
    } catch (error) {
      assert.equal((error as Error).message, "connection reset");
    }
    assert.ok(tries < 20);
  }
  assert.equal(tries, 300 / 20);
  assertHolds(slot, images);
});

test("a source that hangs is left when the update is called off", async () => {
  const abort = new AbortController();
  let isLeft = false;
  const hanging = sourceOf((kind, bytes) =>
    kind === "root"
      ? {
          [Symbol.asyncIterator]: () => {
            let turn = 0;
            return {
              next: () =>
                turn++ === 0
                  ? Promise.resolve({ done: false, value: bytes.subarray(0, 100) })
                  : new Promise<never>(() => setImmediate(() => abort.abort(new Error("called off")))),
              return: () => {
                isLeft = true;
                return new Promise<never>(() => undefined);
              },
            };
          },
        }
      : undefined,
  );
  const slot = makeMemorySlot(images);
  await assert.rejects(writeSlot(slot, hanging, release, undefined, abort.signal), { message: "called off" });
  assert.ok(isLeft);
  assert.equal(slot.root.writes, 0);
  await assert.rejects(writeSlot(slot, new MemorySource(images), release, undefined, abort.signal), {
    message: "called off",
  });
});

test("a hash tree that the disk loses after it was written is not believed", async () => {
  const slot = makeMemorySlot(images, images);
  await writeSlot(slot, new MemorySource(images), release);
  slot.root.bytes.fill(0, 0, 4096);
  const source = sourceOf((kind, bytes) => {
    if (kind !== "root") return undefined;
    slot.verity.bytes.fill(0, 2 * 4096, 3 * 4096); // the first leaf block, after it was found whole
    return chunksOf(bytes);
  });
  await assert.rejects(writeSlot(slot, source, release), { code: "hash-tree-wrong" });
});

test("sizes that contradict themselves or do not fit are refused before anything is read", async () => {
  const cases: readonly [Partial<SlotRelease>, string][] = [
    [{ rootBytes: release.rootBytes + 4096 }, "slot-too-small"],
    [{ rootBytes: release.rootBytes + 1 }, "release-inconsistent"],
    [{ rootBytes: 0 }, "release-inconsistent"],
    [{ rootBytes: -4096 }, "release-inconsistent"],
    [{ rootBytes: Number.NaN }, "release-inconsistent"],
    [{ rootBytes: 2 ** 62 }, "release-inconsistent"],
    [{ verityBytes: release.verityBytes + 4096 }, "release-inconsistent"],
    [{ signatureBytes: 100 }, "release-inconsistent"],
    [{ signatureBytes: 128 * 1024 }, "slot-too-small"],
    [{ rootHash: parseSha256("0".repeat(64)) }, "image-tampered"],
    [{ signatureSha256: parseSha256("0".repeat(64)) }, "image-tampered"],
  ];
  for (const [change, code] of cases) {
    const slot = makeMemorySlot(images);
    if (code === "slot-too-small" && change.rootBytes !== undefined)
      Object.assign(slot, { root: makeMemorySlot(makeSlotRelease(200).images).root });
    await assert.rejects(
      writeSlot(slot, new MemorySource(images), { ...release, ...change }),
      { code },
      JSON.stringify(change),
    );
    assert.equal(slot.root.writes, 0);
  }
});
