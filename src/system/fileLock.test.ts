import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { withFileLock } from "./fileLock.ts";
import { CommandError } from "./runCommand.ts";

const folder = await mkdtemp(join(tmpdir(), "socle-lock-"));
after(() => rm(folder, { recursive: true }));

test("work under one lock never overlaps", async () => {
  const path = join(folder, "below/one");
  let inside = 0;
  const work = async () => {
    inside += 1;
    assert.equal(inside, 1);
    await sleep(20);
    inside -= 1;
    return "done";
  };
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => withFileLock(path, work))), [
    "done",
    "done",
    "done",
  ]);
});

test("work that fails frees the lock and its error comes through", async () => {
  const path = join(folder, "two");
  await assert.rejects(
    withFileLock(path, async () => {
      throw new TypeError("mine");
    }),
    /mine/,
  );
  assert.equal(await withFileLock(path, async () => 7), 7);
});

test("who waits is told, and an interrupt ends the wait but not the work of the other", async () => {
  const path = join(folder, "three");
  const controller = new AbortController();
  let waits = 0;
  await withFileLock(path, async () => {
    const second = withFileLock(path, async () => assert.fail("it never gets the lock"), {
      signal: controller.signal,
      onWait: () => {
        waits += 1;
        controller.abort();
      },
    });
    await assert.rejects(second, { name: "AbortError" });
  });
  assert.equal(waits, 1);
  await assert.rejects(
    withFileLock(path, async () => 1, { signal: controller.signal }),
    { name: "AbortError" },
  );
});

test("a lock whose holder is killed is free again", async () => {
  const path = join(folder, "four");
  const program = `
    const { withFileLock } = await import(${JSON.stringify(join(import.meta.dirname, "fileLock.ts"))});
    await withFileLock(${JSON.stringify(path)}, async () => { console.log("held"); await new Promise(() => setInterval(() => {}, 1000)); });`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  holder.kill("SIGKILL");
  assert.equal(await withFileLock(path, async () => "mine now"), "mine now");
});

test("a lock that cannot be made says why", async () => {
  await assert.rejects(
    withFileLock("/proc/none", async () => assert.fail("it is not held")),
    (error) =>
      error instanceof CommandError &&
      error.message === 'Cannot lock "/proc/none": flock ended with 66' &&
      /No such file/.test(error.outputTail ?? ""),
  );
});
