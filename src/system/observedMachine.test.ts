import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";

import { createObservedMachine } from "./observedMachine.ts";

const machine = createObservedMachine();
const collect = <Part>(parts: AsyncIterable<Part>) => Readable.from(parts).toArray() as Promise<Part[]>;
const never = new AbortController().signal;

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
  await assert.rejects(collect(machine.runLines("sleep", ["60"], controller.signal)), {
    name: "AbortError",
  });
});

test("a program that is asked to stop may finish what it says", async () => {
  const stop = AbortSignal.timeout(50);
  const script = "trap 'echo the end; exit 0' TERM; echo begin; while :; do sleep 0.01; done";
  const said = await collect(machine.runBytes("sh", ["-c", script], { signal: never, stop }));
  assert.equal(Buffer.concat(said).toString(), "begin\nthe end\n");
});

test("what is opened says where it is, and a part of it ends where it does", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "socle-observed-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "file"), "0123456789");
  await symlink("file", join(folder, "link"));
  const file = await machine.openFile(join(folder, "link"));
  assert.equal(file.path, await machine.realPath(join(folder, "file")));
  assert.equal(file.isFile, true);
  assert.equal(Buffer.from(await file.readPart(4, 100)).toString(), "456789");
  assert.equal((await file.readPart(10, 100)).length, 0);
  await file.close();
  assert.equal(await machine.realPath(join(folder, "none")), undefined);
});

test("addresses have their prefix length", async () => {
  for (const { address } of await machine.listAddresses()) assert.match(address, /\/\d+$/);
});
