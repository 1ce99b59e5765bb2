import assert from "node:assert/strict";
import { mkdtempDisposable, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createHealthMachine } from "./healthMachine.ts";

const machine = createHealthMachine();

test("a file is written with the folders above it, and again over itself, with nothing left beside", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-health-"));
  const path = join(folder.path, "a/b/report.json");
  await machine.writeDurably(path, "one\n");
  await machine.writeDurably(path, "two\n");
  assert.equal(await readFile(path, "utf8"), "two\n");
  assert.deepEqual(await readdir(join(folder.path, "a/b")), ["report.json"]);
});

test("an answer is the exit status and the last lines of both outputs", async () => {
  const script = "for i in 1 2 3 4 5 6; do echo $i; done; exit 3";
  const { exitStatus, output } = await machine.ask(["sh", "-c", script], 10_000);
  assert.equal(exitStatus, 3);
  assert.equal(output, "2\n3\n4\n5\n6");
});

test("a program that takes too long is killed, and one that is not there is an error", async () => {
  assert.equal((await machine.ask(["sleep", "60"], 50)).exitStatus, undefined);
  await assert.rejects(machine.ask(["/nowhere/at-all"], 50), /ENOENT/);
});

test("room is told of a folder that is there", async () => {
  assert.ok((await machine.freeBytes("/"))! > 0);
  assert.equal(await machine.freeBytes("/nowhere/at-all"), undefined);
});
