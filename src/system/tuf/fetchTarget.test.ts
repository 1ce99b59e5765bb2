import assert from "node:assert/strict";
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { flipBit } from "#trust/flipBit.fixture.ts";
import { digest } from "#trust/memoryRepository.fixture.ts";
import type { TrustedTarget } from "#trust/trustedChannel.ts";
import { UpdateError, type UpdateErrorCode } from "#trust/updateError.ts";

import { fetchTarget, toPartialName } from "./fetchTarget.ts";
import { createHttpFetcher } from "./httpFetcher.ts";
import { type Answer, type MemoryServer, startMemoryServer, truncatedAt } from "./memoryServer.fixture.ts";
import { streamTarget } from "./streamTarget.ts";

const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const PATH = "file.root";
const TARGET: TrustedTarget = { path: PATH, name: PATH, sizeBytes: BYTES.length, sha256: digest(BYTES) };

interface Download extends AsyncDisposable {
  readonly server: MemoryServer;
  readonly folder: string;
  readonly file: string;
  readonly partial: string;
  /** How many bytes were there, each time some came. */
  readonly progress: number[];
  fetch(reconnects?: number): Promise<void>;
}

async function prepareDownload(target = TARGET, bytes = BYTES): Promise<Download> {
  const folder = await mkdtempDisposable(join(tmpdir(), "socle-fetch-"));
  const server = await startMemoryServer(() => new Map([[PATH, bytes]]));
  const file = join(folder.path, "release", PATH);
  const progress: number[] = [];
  return {
    server,
    folder: join(folder.path, "release"),
    file,
    partial: toPartialName(file, target),
    progress,
    fetch: async (reconnects = 0) => {
      const fetcher = createHttpFetcher({ limits: { reconnects, windowMs: 500, connectTimeoutMs: 500 } });
      await fetchTarget(
        (start) => streamTarget(fetcher, new URL(PATH, server.url), target, start),
        target,
        file,
        (doneBytes) => progress.push(doneBytes),
      );
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

async function refused(download: Download, code: UpdateErrorCode): Promise<UpdateError> {
  const error = await download.fetch().then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UpdateError, String(error));
  assert.equal(error.code, code, error.message);
  assert.ok(!(await readdir(download.folder)).includes(PATH), "nothing under its name");
  return error;
}

test("a file is fetched, its progress counted in bytes, and not fetched again", async () => {
  await using download = await prepareDownload();
  await download.fetch();
  assert.ok((await readFile(download.file)).equals(BYTES));
  assert.equal(download.progress.at(-1), BYTES.length);
  assert.deepEqual(await readdir(download.folder), [PATH]);
  await download.fetch();
  assert.equal(download.server.asked.length, 1);
});

test("what came before a broken connection stays, and the next call asks for the rest only", async () => {
  await using download = await prepareDownload();
  download.server.instead.set(PATH, truncatedAt(BYTES, 100_000));
  await refused(download, "download-truncated");
  const { size } = await stat(download.partial);
  assert.ok(size > 0 && size <= 100_000);
  download.server.instead.clear();
  await download.fetch();
  assert.equal(download.server.asked.at(-1), `${PATH} bytes=${size}-`);
  assert.ok((await readFile(download.file)).equals(BYTES));
  assert.deepEqual(await readdir(download.folder), [PATH]);
});

test("a server that does not know ranges sends everything, and only what was missing is taken", async () => {
  await using download = await prepareDownload();
  download.server.ranges = false;
  download.server.instead.set(PATH, truncatedAt(BYTES, 100_000));
  await refused(download, "download-truncated");
  const [first = 0] = download.progress.slice(-1);
  download.server.instead.clear();
  await download.fetch();
  assert.ok((await readFile(download.file)).equals(BYTES));
  assert.ok(download.progress.every((done, at) => at === 0 || done > (download.progress[at - 1] ?? 0)));
  assert.ok(first > 0);
});

test("a connection that breaks off in the middle is taken up again by itself, but not for ever", async () => {
  await using download = await prepareDownload();
  const breaking: Answer = (request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
    response.writeHead(from === 0 ? 200 : 206, {
      "content-length": BYTES.length - from,
      ...(from === 0 ? {} : { "content-range": `bytes ${from}-${BYTES.length - 1}/${BYTES.length}` }),
    });
    response.write(BYTES.subarray(from, from + 50_000), () => response.socket?.end());
  };
  download.server.instead.set(PATH, breaking);
  await assert.rejects(download.fetch(2), { code: "download-truncated" });
  assert.equal(download.server.asked.length, 3);
  await download.fetch(20);
  assert.ok((await readFile(download.file)).equals(BYTES));
});

test("a partial file that was damaged is thrown away, and the whole is fetched again", async () => {
  await using download = await prepareDownload();
  await download.fetch();
  for (const damaged of [
    flipBit(BYTES.subarray(0, 1000), 17),
    flipBit(BYTES, 17),
    Buffer.alloc(BYTES.length + 1),
  ]) {
    await using other = await prepareDownload();
    other.server.instead.set(PATH, undefined);
    await refused(other, "server-error");
    await writeFile(other.partial, damaged);
    other.server.instead.clear();
    await other.fetch();
    assert.ok((await readFile(other.file)).equals(BYTES));
  }
});

test("a file that is not the signed one leaves nothing behind, not even a part", async () => {
  await using download = await prepareDownload();
  download.server.instead.set(PATH, flipBit(BYTES, 1_234_567));
  await refused(download, "target-tampered");
  assert.deepEqual(await readdir(download.folder), []);
});

test("another file under the target's name is replaced by the right one", async () => {
  await using download = await prepareDownload();
  await download.fetch();
  await writeFile(download.file, flipBit(BYTES, 3));
  await download.fetch();
  assert.ok((await readFile(download.file)).equals(BYTES));
});

test("every byte of a target counts", async () => {
  const small = Buffer.from("a small target of a few dozen bytes, all of them signed for");
  const target = { ...TARGET, sizeBytes: small.length, sha256: digest(small) };
  await using download = await prepareDownload(target, small);
  for (let bit = 0; bit < small.length * 8; bit += 7) {
    download.server.instead.set(PATH, flipBit(small, bit));
    await refused(download, "target-tampered");
    assert.deepEqual(await readdir(download.folder), []);
  }
  download.server.instead.clear();
  await download.fetch();
  assert.ok((await readFile(download.file)).equals(small));
});

test("zeros stay a hole, also where a download went on", async () => {
  const sparse = Buffer.concat([BYTES, Buffer.alloc(8 << 20), BYTES, Buffer.alloc(1 << 20)]);
  const target = { ...TARGET, sizeBytes: sparse.length, sha256: digest(sparse) };
  await using download = await prepareDownload(target, sparse);
  download.server.instead.set(PATH, truncatedAt(sparse, 4 << 20));
  await refused(download, "download-truncated");
  download.server.instead.clear();
  await download.fetch();
  assert.ok((await readFile(download.file)).equals(sparse));
  const { blocks } = await stat(download.file);
  assert.ok(blocks * 512 < 4 << 20, `${blocks * 512} bytes are taken`);
});

test("an empty target is a file without bytes", async () => {
  const target = { ...TARGET, sizeBytes: 0, sha256: digest(Buffer.alloc(0)) };
  await using download = await prepareDownload(target, Buffer.alloc(0));
  await download.fetch();
  assert.equal((await readFile(download.file)).length, 0);
});

test("a part of elsewhere than was asked for is refused", async () => {
  await using download = await prepareDownload();
  const wrongPart: Answer = (_request, response) =>
    void response.writeHead(206, { "content-range": `bytes 5-9/${BYTES.length}` }).end(BYTES.subarray(5, 10));
  download.server.instead.set(PATH, wrongPart);
  await refused(download, "server-error");
});
