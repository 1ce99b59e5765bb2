import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { openWorkspace } from "#system/workspace.ts";

import { findMachine, listMachines, writeMachineRecord } from "./machineFolder.ts";

/** Above every process id of Linux. */
const DEAD_PID = 2 ** 22 + 1;

test("the machines that run are found among logs, probes and machines that have ended", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-machines-"));
  const workspace = openWorkspace(folder.path);
  assert.deepEqual(await listMachines(workspace), [], "before the first machine there is no folder");

  const machines = { edge: process.pid, other: process.pid, ended: DEAD_PID };
  for (const [name, pid] of Object.entries(machines)) {
    const record = { name, pid, host: "127.0.0.1", port: 7443, caPem: "", certPem: "", keyPem: "" };
    await mkdir(join(workspace.machines, name), { recursive: true });
    await writeMachineRecord(join(workspace.machines, name), record);
  }
  await mkdir(join(workspace.machines, "probe"));
  await writeFile(join(workspace.machines, "edge.log"), "");

  const found = await listMachines(workspace);
  assert.deepEqual(
    found.map(({ name }) => name),
    ["edge", "other"],
  );
  assert.equal((await findMachine(workspace, "other")).name, "other");
  await assert.rejects(findMachine(workspace, undefined), { code: "machine-unclear" });
  await assert.rejects(findMachine(workspace, "ended"), {
    code: "no-machine",
    message: /no machine "ended"/,
  });
});
