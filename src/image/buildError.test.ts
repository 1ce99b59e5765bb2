import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";

import { ArchiveError } from "#system/archiveError.ts";
import { runCommand } from "#system/runCommand.ts";

import { BuildError, inStep } from "./buildError.ts";

async function failing(step: string, work: () => Promise<unknown>): Promise<unknown> {
  return inStep(step, "/cache", work).then(
    () => assert.fail("it must fail"),
    (error: unknown) => error,
  );
}

test("a tool's failure gets the step's name, and keeps the command, its status and the end of its output", async () => {
  const error = await failing("configure", async () =>
    runCommand(["sh", "-c", "echo why >&2; exit 32"], { title: "configure the tree" }),
  );
  assert.ok(error instanceof BuildError);
  assert.equal(error.code, "step-failed");
  assert.equal(error.message, 'The step "configure" failed: configure the tree failed: exit status 32');
  assert.equal((error.cause as BuildError).outputTail, "why");
  assert.match(error.hint ?? "", /last lines/);
});

test("a full disk, in our own write or a tool's, is named as such with what to do", async () => {
  for (const work of [
    async () => writeFile("/dev/full", "x"),
    async () => runCommand(["tee", "/dev/full"], { input: "x" }),
  ]) {
    const error = await failing("root", work);
    assert.ok(error instanceof BuildError);
    assert.equal(error.code, "disk-full");
    assert.equal(error.message, 'The step "root" failed: there is no room left on the disk of "/cache"');
    assert.match(error.hint ?? "", /socle cache prune.*\n.*SOCLE_HOME/);
  }
});

test("what the kernel refuses gets the step's name", async () => {
  const error = await failing("root", async () => writeFile("/proc/none", "x"));
  assert.ok(error instanceof BuildError);
  assert.match(error.message, /^The step "root" failed: ENOENT: .*\/proc\/none/);
});

test("errors that say by themselves what was wrong pass as they are, and so do interrupts and defects", async () => {
  const inner = new BuildError("disk-full", "inner");
  for (const own of [
    new ArchiveError("package-gone", "gone"),
    new DOMException("stop", "AbortError"),
    new TypeError("defect"),
    inner,
  ]) {
    assert.equal(
      await failing("packages", async () => {
        throw own;
      }),
      own,
    );
  }
});

test("what a step makes is handed on", async () => {
  assert.equal(await inStep("root", "/cache", async () => 7), 7);
});
