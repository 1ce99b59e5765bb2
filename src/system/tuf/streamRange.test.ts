import assert from "node:assert/strict";
import { test } from "node:test";

import { digest } from "#trust/memoryRepository.fixture.ts";
import type { TrustedTarget } from "#trust/trustedChannel.ts";
import { UpdateError, type UpdateErrorCode } from "#trust/updateError.ts";

import { createHttpFetcher } from "./httpFetcher.ts";
import {
  type Answer,
  dripping,
  endless,
  type MemoryServer,
  startMemoryServer,
} from "./memoryServer.fixture.ts";
import { streamRange } from "./streamRange.ts";

const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 251));
const PATH = "file.root";
const TARGET: TrustedTarget = { path: PATH, name: PATH, sizeBytes: BYTES.length, sha256: digest(BYTES) };

async function readRange(server: MemoryServer, offsetBytes: number, sizeBytes: number, reconnects = 0) {
  const limits = { reconnects, windowMs: 100, connectTimeoutMs: 500 };
  const chunks: Uint8Array[] = [];
  const stream = streamRange(createHttpFetcher({ limits }), new URL(PATH, server.url), TARGET, {
    offsetBytes,
    sizeBytes,
  });
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function serve(): Promise<MemoryServer> {
  return startMemoryServer(() => new Map([[PATH, BYTES]]));
}

/** A part as it was asked for, of which only so much is sent; then the connection closes. */
function partOf(sentBytes: number): Answer {
  return (request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const [from, end] = [Number(first), Number(last) + 1];
    response.writeHead(206, {
      "content-range": `bytes ${from}-${end - 1}/${BYTES.length}`,
      "content-length": end - from,
    });
    response.write(BYTES.subarray(from, Math.min(end, from + sentBytes)), () => response.socket?.end());
  };
}

const RANGES: readonly (readonly [offset: number, size: number, asked: string])[] = [
  [0, 4096, `${PATH} bytes=0-4095`],
  [4096, 1, `${PATH} bytes=4096-4096`],
  [99_999, 1, `${PATH} bytes=99999-99999`],
  [70_000, 30_000, `${PATH} bytes=70000-99999`],
  [0, 100_000, PATH],
];

for (const [offset, size, asked] of RANGES) {
  test(`${size} bytes at ${offset} are asked for and come, whether the server knows ranges or not`, async () => {
    await using server = await serve();
    assert.deepEqual(await readRange(server, offset, size), BYTES.subarray(offset, offset + size));
    assert.deepEqual(server.asked, [asked]);
    server.ranges = false;
    assert.deepEqual(await readRange(server, offset, size), BYTES.subarray(offset, offset + size));
  });
}

test("nothing is asked for when nothing is wanted", async () => {
  await using server = await serve();
  assert.equal((await readRange(server, 10, 0)).length, 0);
  assert.deepEqual(server.asked, []);
});

test("a connection that breaks off is taken up again where it stopped", async () => {
  await using server = await serve();
  server.instead.set(PATH, partOf(1000));
  assert.deepEqual(await readRange(server, 5000, 3000, 2), BYTES.subarray(5000, 8000));
  assert.deepEqual(
    server.asked,
    [5000, 6000, 7000].map((from) => `${PATH} bytes=${from}-7999`),
  );
});

const REFUSED: readonly (readonly [what: string, answer: Answer | undefined, code: UpdateErrorCode])[] = [
  ["breaks off again and again", partOf(100), "download-truncated"],
  ["drips", dripping, "server-too-slow"],
  ["has no such file", undefined, "server-error"],
  [
    "sends another part",
    (_request, response) =>
      response.writeHead(206, { "content-range": `bytes 0-99/${BYTES.length}` }).end(BYTES.subarray(0, 100)),
    "server-error",
  ],
  [
    "sends more than was asked for",
    (_request, response) =>
      response
        .writeHead(206, { "content-range": `bytes 5000-99999/${BYTES.length}` })
        .end(BYTES.subarray(5000)),
    "endless-data",
  ],
  [
    "has a file of another length",
    (_request, response) =>
      response.writeHead(206, { "content-range": "bytes 5000-7999/9000" }).end(BYTES.subarray(5000, 8000)),
    "download-truncated",
  ],
];

for (const [what, answer, code] of REFUSED) {
  test(`a server that ${what} is refused`, async () => {
    await using server = await serve();
    server.instead.set(PATH, answer);
    await assert.rejects(
      readRange(server, 5000, 3000, 3),
      (error) => error instanceof UpdateError && error.code === code,
    );
  });
}

test("a server that ignores ranges and never ends is left when all that is wanted has come", async () => {
  await using server = await serve();
  server.instead.set(PATH, endless);
  assert.equal((await readRange(server, 5000, 3000)).toString(), "x".repeat(3000));
});

test("a range beyond the end is a contradiction in the release, and nothing is asked for", async () => {
  await using server = await serve();
  await assert.rejects(
    readRange(server, 99_999, 2),
    (error) => error instanceof UpdateError && error.code === "release-inconsistent",
  );
  assert.deepEqual(server.asked, []);
});
