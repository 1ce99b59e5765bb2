import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { readIfPresent } from "./files.ts";
import { CommandError, runCommand } from "./runCommand.ts";

/** A process that has ended may stay a zombie until its parent asks for it. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readIfPresent(`/proc/${pid}/status`);
  return status !== undefined && !/^State:\tZ/m.test(status);
}

test("a command's two outputs come apart, and its lines as they come", async () => {
  const lines: string[] = [];
  const script = 'printf "one\\ntwo\\r\\nthree"; sleep 0.05; echo four >&2';
  const { stdout, stderr } = await runCommand(["sh", "-c", script], { onLine: (line) => lines.push(line) });
  assert.equal(stdout, "one\ntwo\r\nthree");
  assert.equal(stderr, "four\n");
  assert.deepEqual(lines.toSorted(), ["four", "one", "three", "two"]);
});

test("input, folder and environment are as asked, and nothing else is passed", async () => {
  const { stdout } = await runCommand(
    ["/bin/sh", "-c", "cat; pwd; env | grep -v -e ^PWD= -e ^SHLVL= -e ^_="],
    {
      input: "given\n",
      cwd: "/usr",
      environment: { PATH: "/usr/bin:/bin", ONLY: "this" },
    },
  );
  assert.deepEqual(
    stdout.split("\n").toSorted(),
    ["", "/usr", "ONLY=this", "PATH=/usr/bin:/bin", "given"].toSorted(),
  );
});

test("arguments reach the program as they are: there is no shell", async () => {
  const argument = `a b'c"$(id)*\n`;
  assert.equal((await runCommand(["printf", "%s", argument])).stdout, argument);
});

test("large input to a program that does not read it is no error", async () => {
  await runCommand(["true"], { input: "x".repeat(1 << 20) });
});

test("a failure tells the title, the status and the end of the output", async () => {
  await assert.rejects(
    runCommand(["sh", "-c", "seq 1 50; echo reason >&2; sleep 0.05; exit 3"], { title: "count" }),
    (error) => {
      assert.ok(error instanceof CommandError);
      assert.equal(error.code, "command-failed");
      assert.equal(error.message, "count failed: exit status 3");
      assert.equal(error.exitStatus, 3);
      const tail = (error.outputTail ?? "").split("\n");
      assert.equal(tail.length, 20);
      assert.ok(tail.includes("reason") && tail.includes("50") && !tail.includes("1"));
      return true;
    },
  );
});

test("that a disk was full is told however much the command says after it", async () => {
  const script = "echo cp: No space left on device; seq 1 50; exit 1";
  await assert.rejects(runCommand(["sh", "-c", script]), (error) => {
    assert.ok(error instanceof CommandError);
    const tail = (error.outputTail ?? "").split("\n");
    assert.deepEqual(
      [tail[0], tail[1], tail.at(-1), tail.length],
      ["cp: No space left on device", "32", "50", 20],
    );
    return true;
  });
});

test("a command that a signal ended says which one", async () => {
  await assert.rejects(runCommand(["sh", "-c", "kill -TERM $$"]), /sh failed: signal SIGTERM/);
});

test("a program that is not there is told apart from one that fails", async () => {
  await assert.rejects(
    runCommand(["no-such-program-of-socle"]),
    (error) =>
      error instanceof CommandError &&
      error.code === "command-missing" &&
      error.message === 'Cannot run no-such-program-of-socle: "no-such-program-of-socle" is not installed',
  );
});

test("an interrupt ends the command and its children at once", async () => {
  const controller = new AbortController();
  let child = 0;
  const running = runCommand(["sh", "-c", "sleep 60 & echo $!; wait"], {
    signal: controller.signal,
    onLine: (line) => {
      child = Number(line);
      controller.abort();
    },
  });
  await assert.rejects(running, { name: "AbortError" });
  for (let tries = 0; (await isRunning(child)) && tries < 100; tries++) await sleep(10);
  assert.equal(await isRunning(child), false);
});

test("after an interrupt nothing is started", async () => {
  await assert.rejects(runCommand(["true"], { signal: AbortSignal.abort() }), { name: "AbortError" });
});
