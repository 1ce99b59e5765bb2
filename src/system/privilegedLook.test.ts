import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { readPrivilegedLook } from "./privilegedLook.ts";

test("what a look says is read to its end; where nobody offers it, that is an answer", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-look-"));
  const path = join(folder.path, "look.sock");
  assert.equal(await readPrivilegedLook(path), undefined);
  const server = createServer((socket) => {
    socket.write("/proc/1/fd/3 ");
    setImmediate(() => socket.end("socket:[42]\n"));
  }).listen(path);
  await once(server, "listening");
  assert.equal(await readPrivilegedLook(path), "/proc/1/fd/3 socket:[42]\n");
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await readPrivilegedLook(path), undefined);
});
