import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";

import { callQmp } from "./qmp.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-qmp-"));
after(() => rm(folder, { recursive: true }));
let count = 0;

const GREETING = { QMP: { version: { qemu: { major: 10 } }, capabilities: [] } };

/** A control socket that greets as QEMU does, and answers with what the table has for a command. */
async function serve(
  answer: (command: string, socket: Socket) => object[] | undefined,
): Promise<{ path: string; asked: unknown[] } & AsyncDisposable> {
  const asked: unknown[] = [];
  const path = join(folder, String(++count));
  const server = createServer((socket) => {
    socket.write(`${JSON.stringify(GREETING)}\r\n`);
    createInterface({ input: socket }).on("line", (line) => {
      const command = JSON.parse(line) as { execute: string };
      asked.push(command);
      for (const message of answer(command.execute, socket) ?? [])
        socket.write(`${JSON.stringify(message)}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    asked,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const OK = { return: {} };

test("commands are sent one after the other, when the one before was answered", async () => {
  // Events come at any time and answer nothing.
  await using server = await serve((command) =>
    command === "system_powerdown" ? [{ event: "POWERDOWN", data: {} }, OK] : [OK],
  );
  const commands = [{ execute: "system_powerdown" }, { execute: "eject", arguments: { id: "disk" } }];
  await callQmp(server.path, commands);
  assert.deepEqual(server.asked, [{ execute: "qmp_capabilities" }, ...commands]);
});

test("a command that QEMU refuses ends the call with QEMU's words", async () => {
  await using server = await serve((command) =>
    command === "eject" ? [{ error: { class: "GenericError", desc: "Device 'disk' not found" } }] : [OK],
  );
  await assert.rejects(
    callQmp(server.path, [{ execute: "eject" }, { execute: "quit" }]),
    /refused a command: Device 'disk' not found/,
  );
  assert.deepEqual(server.asked.at(-1), { execute: "eject" });
});

test("a machine that ends while it is asked is an error, not a wait without end", async () => {
  await using server = await serve((command, socket) => {
    if (command === "qmp_capabilities") return [OK];
    socket.destroy();
    return undefined;
  });
  await assert.rejects(callQmp(server.path, [{ execute: "quit" }]), /QEMU closed its control socket/);
});

test("no machine at that socket is an error", async () => {
  await assert.rejects(callQmp(join(folder, "none"), []), { code: "ENOENT" });
});
