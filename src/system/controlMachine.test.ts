import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdtempDisposable, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { createControlMachine } from "./controlMachine.ts";

/** Programs of systemd that note what they were called with, and then do this. */
async function withPrograms(script: string, use: (calls: () => Promise<string[]>) => Promise<void>) {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-control-"));
  const calls = join(folder.path, "calls");
  for (const name of ["systemctl", "journalctl"]) {
    const program = join(folder.path, name);
    await writeFile(program, `#!/bin/sh\necho "${name} $*" >> ${calls}\n${script}\n`);
    await chmod(program, 0o755);
  }
  const path = process.env["PATH"];
  process.env["PATH"] = `${folder.path}:${path}`;
  try {
    await use(async () => (await readFile(calls, "utf8")).trimEnd().split("\n"));
  } finally {
    process.env["PATH"] = path;
  }
}

test("systemd is asked for a restart without waiting for it, and not to look at locks only by force", async () => {
  await withPrograms("", async (calls) => {
    const machine = createControlMachine();
    await machine.leave("reboot", { force: false });
    await machine.leave("poweroff", { force: true });
    assert.deepEqual(await calls(), [
      "systemctl --no-block reboot",
      "systemctl --no-block --check-inhibitors=no poweroff",
    ]);
  });
});

test("a restart that systemd would not do is an error", async () => {
  await withPrograms("echo locked >&2; exit 1", async () => {
    await assert.rejects(createControlMachine().leave("reboot", { force: false }), /systemctl failed/);
  });
});

test("a unit whose restart fails is left to its state; one that takes too long is told of", async () => {
  await withPrograms("exit 1", async (calls) => {
    assert.equal(await createControlMachine().restartUnit("web.service"), true);
    assert.deepEqual(await calls(), ["systemctl restart -- web.service"]);
  });
  await withPrograms("sleep 20", async () => {
    assert.equal(await createControlMachine({ restartTimeoutMs: 50 }).restartUnit("web.service"), false);
  });
});

test("state and last lines of a unit are systemd's own", async () => {
  await withPrograms("echo; echo A=1; echo; echo B=2", async (calls) => {
    const machine = createControlMachine();
    assert.match(await machine.showUnit("web.service", ["A", "B"]), /A=1\n\nB=2/);
    assert.deepEqual(await machine.readLastLines("web.service", 3), ["A=1", "B=2"]);
    assert.deepEqual(await calls(), [
      "systemctl show --property=A,B -- web.service",
      "journalctl --boot --unit=web.service --lines=3 --output=cat --no-pager --quiet",
    ]);
  });
});

test("what must outlast a power cut is there whole, for root alone; removing what is not there is no error", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-control-"));
  const [machine, path] = [createControlMachine(), join(folder.path, "reset")];
  await machine.writeDurable(path, "everything\n");
  assert.equal(await readFile(path, "utf8"), "everything\n");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await machine.removeDurable(path);
  await machine.removeDurable(path);
  assert.ok(!existsSync(path));
});
