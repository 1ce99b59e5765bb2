import assert from "node:assert/strict";
import { appendFile, chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

import {
  ListFilesRequestSchema,
  ListFilesResponseSchema,
  ReadFileRequestSchema,
} from "#protocol/gen/socle/v1/observe_pb.ts";
import { createObservedMachine } from "#system/observedMachine.ts";

import type { ObserveMachine } from "./observeMachine.ts";
import { listFiles, readFile } from "./readFiles.ts";

const real = createObservedMachine();
const { signal } = new AbortController();

async function read(
  request: MessageInitShape<typeof ReadFileRequestSchema>,
  machine: ObserveMachine = real,
  role = "reader",
): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const { content } of readFile(machine, create(ReadFileRequestSchema, request), signal, role))
    parts.push(content ?? new Uint8Array());
  return Buffer.concat(parts).toString();
}

async function list(
  request: MessageInitShape<typeof ListFilesRequestSchema>,
  machine: ObserveMachine = real,
) {
  const parts = [];
  for await (const part of listFiles(machine, create(ListFilesRequestSchema, request), signal))
    parts.push(...create(ListFilesResponseSchema, part).files);
  return parts;
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "socle-read-files-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

const isRefused = (code: Code) => (error: unknown) => error instanceof ConnectError && error.code === code;

test("a file comes whole, or the part that is asked for", async (t) => {
  const path = join(await makeFolder(t), "file");
  await writeFile(path, "0123456789");
  assert.equal(await read({ path }), "0123456789");
  assert.equal(await read({ path, offsetBytes: 4n }), "456789");
  assert.equal(await read({ path, offsetBytes: 4n, sizeBytes: 3n }), "456");
  assert.equal(await read({ path, offsetBytes: 8n, sizeBytes: 30n }), "89");
  assert.equal(await read({ path, offsetBytes: 10n }), "");
  assert.equal(await read({ path, offsetBytes: 1_000_000n }), "");
  await assert.rejects(read({ path, offsetBytes: 2n ** 63n }), isRefused(Code.InvalidArgument));
});

test("a file of a megabyte comes in parts, in order", async (t) => {
  const path = join(await makeFolder(t), "file");
  const text = Array.from({ length: 100_000 }, (_, at) => `line ${at}\n`).join("");
  await writeFile(path, text);
  assert.equal(await read({ path }), text);
});

test("what a debug session showed is an admin's to read", async () => {
  const path = "/var/log/socle/debug/2026-03-01T12-00-00Z-5f1c.typescript";
  const machine: ObserveMachine = {
    ...real,
    realPath: () => Promise.resolve(path),
    readEntry: () => Promise.resolve({ type: "file", mode: 0o600, uid: 0, gid: 0, sizeBytes: 5, target: "" }),
    openFile: () =>
      Promise.resolve({
        path,
        isFile: true,
        readPart: (offset: number) => Promise.resolve(Buffer.from("shown").subarray(offset)),
        close: () => Promise.resolve(),
      }),
  };
  for (const role of ["reader", "operator"])
    await assert.rejects(read({ path }, machine, role), isRefused(Code.PermissionDenied));
  assert.equal(await read({ path }, machine, "admin"), "shown");
});

test("a file of the kernel says that it is empty, and is not", async () => {
  assert.match(await read({ path: "/proc/sys/kernel/osrelease" }), /^\d+\.\d+/);
  assert.match(await read({ path: "/proc/meminfo", sizeBytes: 9n }), /^MemTotal:$/);
});

test("a file that grows is read to where it was when the reading got there", async (t) => {
  const path = join(await makeFolder(t), "file");
  await writeFile(path, "first\n");
  let got = "";
  for await (const { content } of readFile(real, create(ReadFileRequestSchema, { path }), signal, "reader")) {
    got += Buffer.from(content ?? []).toString();
    if (got === "first\n") await appendFile(path, "second\n");
  }
  assert.equal(got, "first\nsecond\n");
});

test("a link that leads to a secret is refused, however many there are", async (t) => {
  const folder = await makeFolder(t);
  await symlink("/etc/shadow", join(folder, "one"));
  await symlink("one", join(folder, "two"));
  await symlink("/etc", join(folder, "etc"));
  await symlink("/root", join(folder, "home"));
  await symlink("/proc/self/environ", join(folder, "environ"));
  for (const name of ["one", "two", "etc/shadow", "environ"])
    await assert.rejects(read({ path: join(folder, name) }), isRefused(Code.PermissionDenied), name);
  for (const path of ["/etc/../etc/shadow", "/etc//shadow", "/proc/1/root/etc/shadow", "/root/not-there"])
    await assert.rejects(read({ path }), isRefused(Code.PermissionDenied), path);
  await assert.rejects(list({ path: join(folder, "home") }), isRefused(Code.PermissionDenied));
});

test("a link that takes the place of a file after it was looked at opens nothing", async (t) => {
  const folder = await makeFolder(t);
  const path = join(folder, "file");
  await writeFile(path, "harmless");
  const swapping: ObserveMachine = {
    ...real,
    async openFile(found) {
      await rm(found);
      await symlink("/etc/shadow", found);
      return real.openFile(found);
    },
  };
  await assert.rejects(read({ path }, swapping), (error: unknown) => {
    // As root it is the guard that refuses, else the kernel.
    return isRefused(Code.PermissionDenied)(error) || (error as NodeJS.ErrnoException).code === "EACCES";
  });
});

test("what is no file says what it is", async (t) => {
  const folder = await makeFolder(t);
  await symlink("nowhere", join(folder, "dangling"));
  await assert.rejects(read({ path: folder }), /is a directory, wanted a file/);
  await assert.rejects(read({ path: join(folder, "none") }), isRefused(Code.NotFound));
  await assert.rejects(read({ path: join(folder, "dangling") }), isRefused(Code.NotFound));
  await assert.rejects(read({ path: "relative" }), isRefused(Code.InvalidArgument));
  await assert.rejects(read({ path: "/a\0b" }), isRefused(Code.InvalidArgument));
  await assert.rejects(list({ path: join(folder, "none") }), isRefused(Code.NotFound));
});

test("a folder's files have type, size and target, sorted; below it only where that is asked for", async (t) => {
  const folder = await real.realPath(await makeFolder(t));
  assert.ok(folder !== undefined);
  await mkdir(join(folder, "b"));
  await writeFile(join(folder, "b/inner"), "1");
  await writeFile(join(folder, "a"), "123");
  await chmod(join(folder, "a"), 0o640);
  await symlink("a", join(folder, "c"));
  const files = await list({ path: folder });
  assert.deepEqual(
    files.map(({ path, type, sizeBytes, target }) => [path, type, sizeBytes, target]),
    [
      [join(folder, "a"), "file", 3n, ""],
      [join(folder, "b"), "directory", 0n, ""],
      [join(folder, "c"), "symlink", 0n, "a"],
    ],
  );
  assert.equal(files[0]?.mode, 0o640);
  assert.ok(files[0]?.modified !== undefined);
  const all = await list({ path: folder, recursive: true });
  assert.deepEqual(
    all.map(({ path }) => path.slice(folder.length)),
    ["/a", "/b", "/b/inner", "/c"],
  );
  assert.deepEqual(
    (await list({ path: join(folder, "a") })).map(({ path }) => path),
    [join(folder, "a")],
  );
});

test("a folder that goes away while it is listed takes no other away", async (t) => {
  const folder = await real.realPath(await makeFolder(t));
  assert.ok(folder !== undefined);
  for (const name of ["a", "b", "c"]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "inner"), "1");
  }
  const vanishing: ObserveMachine = {
    ...real,
    async listFolder(path) {
      if (path === join(folder, "a")) await rm(join(folder, "b"), { recursive: true });
      if (path === join(folder, "c")) throw Object.assign(new Error("no"), { code: "EACCES" });
      return real.listFolder(path);
    },
  };
  assert.deepEqual(
    (await list({ path: folder, recursive: true }, vanishing)).map(({ path }) => path.slice(folder.length)),
    ["/a", "/a/inner", "/c"],
  );
});

test("secrets are named where they lie, and not looked into", async () => {
  const files = await list({ path: "/proc/self/", recursive: false });
  assert.ok(files.some(({ path }) => path.endsWith("/environ")));
  assert.equal(files.find(({ path }) => path.endsWith("/cwd"))?.target, "");
});
