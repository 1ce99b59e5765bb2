import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { findLeftovers, TestWorkspace, toRelease, type Outcome } from "./workspace.ts";

const workspace = await TestWorkspace.make();
after(async () => workspace[Symbol.asyncDispose]());

/** Builds until dpkg is at work in the packages step, then sends a signal. */
async function interrupt(signal: NodeJS.Signals): Promise<Outcome> {
  let sent = false;
  return workspace.build("out", [], {
    onLine: (line, pid) => {
      if (sent || !/"kind":"step-progress","step":"packages","done":(?:\d{2,})/.test(line)) return;
      sent = true;
      process.kill(pid, signal);
    },
  });
}

async function waitForNothing(path: string): Promise<void> {
  for (let tries = 0; (await findLeftovers(path)).length > 0 && tries < 50; tries++) await sleep(100);
  assert.deepEqual(await findLeftovers(path), []);
}

test("a build that is interrupted cleans up, and leaves nothing half made", async () => {
  const outcome = await interrupt("SIGINT");
  assert.equal(outcome.exitCode, 130, outcome.stderr);
  assert.match(outcome.stderr, /"kind":"failed".*"message":"interrupted"/);
  await waitForNothing(workspace.folder);
  for (const path of ["home/work", "home/steps/packages", "out"]) {
    assert.deepEqual(await workspace.list(path), [], path);
  }
});

test("a build that is killed leaves no process, no mount and no half result", async () => {
  const { exitCode } = await interrupt("SIGKILL");
  assert.equal(exitCode, null);
  await waitForNothing(workspace.folder);
  for (const path of ["home/steps/packages", "out"]) assert.deepEqual(await workspace.list(path), [], path);
  assert.notDeepEqual(await workspace.list("home/work"), [], "what the next test sees cleaned up");
});

test("after that, two builds into one output at once both succeed, and clean up after the killed one", async () => {
  // Nothing is cached: both make every step.
  const [first, second] = (await Promise.all([workspace.build("out"), workspace.build("out")])).map(
    toRelease,
  );
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(second.artifacts, first.artifacts);
  assert.deepEqual(await workspace.list("home/work"), []);
  await workspace.verifyChecksums("out");
});

test("two builds into two outputs at once both succeed, and leave nothing beside them", async () => {
  await workspace.define({ files: { "/etc/socle-test": "changed" } });
  const [first, second] = (await Promise.all([workspace.build("out a"), workspace.build("out b")])).map(
    toRelease,
  );
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(second.artifacts, first.artifacts);
  for (const output of ["out a", "out b"]) await workspace.verifyChecksums(output);
  const outputs = (await workspace.list(".")).filter((name) => name.includes("out"));
  assert.deepEqual(outputs.toSorted(), ["out", "out a", "out b"]);
  assert.deepEqual(await findLeftovers(workspace.folder), []);
});

test("an output that holds something else is refused before anything is done", async () => {
  const outcome = await workspace.build("project");
  assert.equal(outcome.exitCode, 1);
  assert.match(outcome.stderr, /"code":"output-in-use"/);
  assert.deepEqual((await workspace.list("project")).toSorted(), [
    "node_modules",
    "system.lock.json",
    "system.ts",
  ]);
});
