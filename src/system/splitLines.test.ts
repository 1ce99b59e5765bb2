import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { splitLines } from "./splitLines.ts";

async function split(chunks: readonly Uint8Array[], mostBytes?: number): Promise<string[]> {
  const given = async function* () {
    yield* chunks;
  };
  const lines: string[] = [];
  for await (const line of splitLines(given(), mostBytes)) lines.push(line);
  return lines;
}

test("lines are the same however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom("a", "ü", "\n", "€") }),
      fc.nat(7),
      async (text, size) => {
        const bytes = Buffer.from(text);
        const chunks = Array.from({ length: Math.ceil(bytes.length / (size + 1)) }, (_, at) =>
          bytes.subarray(at * (size + 1), (at + 1) * (size + 1)),
        );
        const lines = text.split("\n");
        if (lines.at(-1) === "") lines.pop();
        assert.deepEqual(await split(chunks), lines);
      },
    ),
    { numRuns: 200 },
  );
});

test("a line without end does not grow, and the next one is whole", async () => {
  const chunks = ["aaaa", "bbbb", "cccc\nnext"].map((text) => Buffer.from(text));
  assert.deepEqual(await split(chunks, 6), ["aaaabb", "next"]);
});
