import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { createObservedMachine } from "./observedMachine.ts";

const machine = createObservedMachine();
const never = new AbortController().signal;

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

test("a program's lines come while it runs, and it is ended when nobody takes more", async () => {
  const lines: string[] = [];
  for await (const line of machine.runLines("yes", ["still here"], never)) {
    lines.push(line);
    if (lines.length === 3) break;
  }
  assert.deepEqual(lines, ["still here", "still here", "still here"]);
});

test("a program that fails says why", async () => {
  await assert.rejects(
    collect(machine.runLines("ls", ["/there-is-no-such-folder"], never)),
    /ls ended with \d: .*no-such-folder/,
  );
  await assert.rejects(collect(machine.runLines("/there/is/no/such/program", [], never)), /ENOENT/);
});

test("a signal ends a program that says nothing", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(collect(machine.runLines("sleep", ["60"], controller.signal)), { name: "AbortError" });
});

test("a part of a file ends where the file does", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "socle-observed-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "file");
  await writeFile(file, "0123456789");
  assert.equal(Buffer.from(await machine.readFilePart(file, 4, 100)).toString(), "456789");
  assert.equal((await machine.readFilePart(file, 10, 100)).length, 0);
  assert.equal(await machine.realPath(join(folder, "none")), undefined);
});
