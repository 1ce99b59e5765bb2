import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";

import { isDiskFull } from "./diskFull.ts";
import { CommandError, runCommand } from "./runCommand.ts";

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail("it must fail"),
    (error: unknown) => error,
  );
}

test("a full disk is known by the kernel's code and by what tools say of it", async () => {
  assert.equal(isDiskFull(await errorOf(writeFile("/dev/full", "x"))), true);
  assert.equal(isDiskFull(await errorOf(runCommand(["cp", "/etc/os-release", "/dev/full"]))), true);
  assert.equal(isDiskFull(await errorOf(runCommand(["tee", "/dev/full"], { input: "x" }))), true);
});

test("it is known through the errors around it", async () => {
  const cause = await errorOf(writeFile("/dev/full", "x"));
  assert.equal(isDiskFull(new Error("Cannot write the release", { cause })), true);
});

test("nothing else is a full disk", async () => {
  assert.equal(isDiskFull(await errorOf(writeFile("/proc/none", "x"))), false);
  assert.equal(isDiskFull(await errorOf(runCommand(["false"]))), false);
  assert.equal(isDiskFull(new CommandError("command-failed", "No space left in the schedule")), false);
  assert.equal(isDiskFull("ENOSPC"), false);
});
