import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import fc from "fast-check";

import { PIECE_BYTES, readPieces } from "./readPieces.ts";

async function* chunksOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function collect(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const copies: Buffer[] = [];
  for await (const piece of pieces) copies.push(Buffer.from(piece));
  return copies;
}

test("chunks of any length become full pieces and a shorter last one", async () => {
  const blocks = 2 * (PIECE_BYTES / 4096) + 3;
  const bytes = Buffer.concat(Array.from({ length: blocks }, (_, block) => Buffer.alloc(4096, block % 251)));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 12 }), async (cuts) => {
      const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
      const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      const pieces = await collect(readPieces(chunksOf(chunks), bytes.length));
      assert.deepEqual(
        pieces.map(({ length }) => length),
        [PIECE_BYTES, PIECE_BYTES, 3 * 4096],
      );
      assert.equal(Buffer.compare(Buffer.concat(pieces), bytes), 0);
    }),
    { numRuns: 30 },
  );
});

test("what came whole before a source broke is given, then the source's error", async () => {
  const broken = async function* () {
    yield Buffer.alloc(4096 * 2 + 1);
    throw new Error("connection reset");
  };
  const sizes: number[] = [];
  await assert.rejects(
    async () => {
      for await (const piece of readPieces(broken(), 4096 * 10)) sizes.push(piece.length);
    },
    { message: "connection reset" },
  );
  assert.deepEqual(sizes, [4096 * 2]);
});

test("a source is closed when whoever reads it stops, and when it sent too much", async () => {
  let closed = 0;
  const endless = async function* () {
    try {
      for (;;) yield Buffer.alloc(PIECE_BYTES);
    } finally {
      closed++;
    }
  };
  for await (const piece of readPieces(endless(), 4 * PIECE_BYTES)) {
    assert.equal(piece.length, PIECE_BYTES);
    break;
  }
  assert.equal(closed, 1);
  await assert.rejects(collect(readPieces(endless(), PIECE_BYTES)), { code: "endless-data" });
  assert.equal(closed, 2);
});

test("no chunk is kept once it was copied, with or without a signal", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void; // what the flag puts there
  for (const signal of [undefined, new AbortController().signal]) {
    const chunks: WeakRef<Uint8Array>[] = [];
    const source = async function* () {
      for (let index = 0; index < 64; index++) {
        const chunk = new Uint8Array(PIECE_BYTES / 2);
        chunks.push(new WeakRef(chunk));
        yield chunk;
      }
    };
    let alive = 0;
    let pieces = 0;
    for await (const piece of readPieces(source(), 32 * PIECE_BYTES, signal)) {
      assert.equal(piece.length, PIECE_BYTES);
      if (++pieces < 32) continue;
      await new Promise(setImmediate); // a WeakRef holds its object to the end of the turn
      collectGarbage();
      alive = chunks.filter((chunk) => chunk.deref() !== undefined).length;
    }
    assert.equal(chunks.length, 64);
    assert.ok(alive < 8, `${alive} of 64 chunks are still there`);
  }
});
