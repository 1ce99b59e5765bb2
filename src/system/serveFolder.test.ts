import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { serveFolder, ServeError } from "./serveFolder.ts";

const work = await mkdtemp(join(tmpdir(), "socle-serve-"));
const root = join(work, "site");
const HASH = "ab".repeat(32);
await mkdir(join(root, "targets/.hidden"), { recursive: true });
await mkdir(join(root, "metadata"));
for (const [path, text] of Object.entries({
  "site/metadata/timestamp.json": "{}",
  "site/metadata/1.root.json": "root",
  [`site/targets/${HASH}.tiny_1.0+a~b.efi`]: "0123456789",
  "site/targets/100% #1?.txt": "odd",
  "site/targets/.hidden/file": "hidden",
  "site/.lock": "lock",
  "site-other": "beside",
  secret: "secret",
}))
  await writeFile(join(work, path), text);
await symlink(join(work, "secret"), join(root, "targets/link"));
await symlink(work, join(root, "targets/out"));
await symlink("1.root.json", join(root, "metadata/inside.json"));
const server = await serveFolder(root);
after(async () => {
  await server.close();
  await rm(work, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** The path as it is, which `fetch` would clean up. */
async function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: server.port, path, method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    })
      .on("error", reject)
      .end();
  });
}

const FILE = `/targets/${HASH}.tiny_1.0+a~b.efi`;

test("it listens on this host only, and says where", () => {
  assert.equal(server.url, `http://127.0.0.1:${server.port}/`);
});

test("files are served whole, by HEAD without their content, and not again when nothing changed", async () => {
  const whole = await get(FILE);
  assert.deepEqual([whole.status, whole.body, whole.headers["content-length"]], [200, "0123456789", "10"]);
  const head = await get(FILE, {}, "HEAD");
  assert.deepEqual([head.status, head.body, head.headers["content-length"]], [200, "", "10"]);
  const again = await get(FILE, { "If-None-Match": String(whole.headers["etag"]) });
  assert.deepEqual([again.status, again.body], [304, ""]);
  assert.equal((await get("/targets/100%25%20%231%3F.txt?x=1")).body, "odd");
  assert.equal((await get("/metadata/inside.json")).body, "root", "a link inside");
});

test("ranges are served, and one that the file does not have is refused with its size", async () => {
  const part = await get(FILE, { Range: "bytes=2-4" });
  assert.deepEqual([part.status, part.body, part.headers["content-range"]], [206, "234", "bytes 2-4/10"]);
  assert.equal((await get(FILE, { Range: "bytes=-3" })).body, "789");
  assert.equal((await get(FILE, { Range: "bytes=2-4", "If-Range": '"other"' })).status, 200);
  const beyond = await get(FILE, { Range: "bytes=10-" });
  assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, "bytes */10"]);
});

test("what never changes may be kept for ever, what changes is asked for each time", async () => {
  const cachingOf = async (path: string) => (await get(path)).headers["cache-control"];
  assert.equal(await cachingOf("/metadata/timestamp.json"), "no-cache");
  assert.equal(await cachingOf("/metadata/1.root.json"), "public, max-age=31536000, immutable");
  assert.equal(await cachingOf(FILE), "public, max-age=31536000, immutable");
});

for (const path of [
  "/",
  "/targets",
  "/targets/",
  "/missing",
  "/.lock",
  "/targets/.hidden/file",
  "/../secret",
  "/targets/../../secret",
  "/%2e%2e/secret",
  "/targets/..%2f..%2fsecret",
  "/targets/%2e%2e%2f%2e%2e%2fsecret",
  "/..%5csecret",
  "/targets/link",
  "/targets/out/secret",
  "/targets/out/site-other",
  "//etc/passwd",
  "/%00",
  "/%",
  "*",
  "http://example.org/metadata/timestamp.json",
]) {
  test(`"${path}" is not there`, async () => {
    const { status, body } = await get(path);
    assert.deepEqual([status, body], [404, "404\n"]);
  });
}

test("nothing but reading is allowed", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const { status, headers } = await get(FILE, {}, method);
    assert.deepEqual([status, headers["allow"]], [405, "GET, HEAD"], method);
  }
});

test("a folder that is not there, and a port that is taken, are refused", async () => {
  const refused = (code: string) => (error: unknown) => error instanceof ServeError && error.code === code;
  await assert.rejects(serveFolder(join(work, "missing")), refused("no-folder"));
  await assert.rejects(serveFolder(join(work, "secret")), refused("no-folder"));
  await assert.rejects(serveFolder(root, { port: server.port }), refused("cannot-serve"));
});
