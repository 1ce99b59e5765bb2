import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { findLeftovers, TestWorkspace, toRelease, type Outcome } from "./workspace.ts";

/** Builds until dpkg is at work in the packages step, then sends a signal. */
async function interrupt(workspace: TestWorkspace, signal: NodeJS.Signals): Promise<Outcome> {
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

test("a build that is interrupted or killed leaves nothing half made, and the next two at once succeed", async () => {
  await using workspace = await TestWorkspace.make();

  const interrupted = await interrupt(workspace, "SIGINT");
  assert.equal(interrupted.exitCode, 130, interrupted.stderr);
  assert.match(interrupted.stderr, /"kind":"failed".*"message":"interrupted"/);
  await waitForNothing(workspace.folder);
  assert.deepEqual(await workspace.list("home/work"), [], "Ctrl-C cleans up");

  const killed = await interrupt(workspace, "SIGKILL");
  assert.equal(killed.exitCode, null);
  await waitForNothing(workspace.folder);
  assert.ok(
    (await workspace.list("home/work")).length > 0,
    "kill -9 leaves its work folder, or this test shows nothing",
  );

  assert.deepEqual(await workspace.list("home/steps/packages"), []);
  assert.deepEqual(await workspace.list("out"), []);

  // Into one output, from a cache that has nothing: both make every step.
  const both = await Promise.all([workspace.build("out"), workspace.build("out")]);
  const [first, second] = both.map(toRelease);
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(second.artifacts, first.artifacts);
  assert.deepEqual(
    await workspace.list("home/work"),
    [],
    "the killed build's folder is cleaned up by the next",
  );
  await workspace.verifyChecksums("out");

  // Into two outputs, where the cache has the packages only.
  await workspace.define({ files: { "/etc/socle-test": "changed" } });
  const [third, fourth] = (await Promise.all([workspace.build("out a"), workspace.build("out b")])).map(
    toRelease,
  );
  assert.ok(third !== undefined && fourth !== undefined);
  assert.notEqual(third.rootHash, first.rootHash);
  assert.deepEqual(fourth.artifacts, third.artifacts);
  for (const output of ["out a", "out b"]) await workspace.verifyChecksums(output);
  const outputs = (await workspace.list(".")).filter((name) => name.includes("out"));
  assert.deepEqual(outputs.toSorted(), ["out", "out a", "out b"], "nothing beside the outputs");
  assert.deepEqual(await findLeftovers(workspace.folder), []);
});

test("an output that holds something else is refused before anything is done", async () => {
  await using workspace = await TestWorkspace.make();
  const outcome = await workspace.build("project");
  assert.equal(outcome.exitCode, 1);
  assert.match(outcome.stderr, /"code":"output-in-use"/);
  assert.deepEqual((await workspace.list("project")).toSorted(), [
    "node_modules",
    "system.lock.json",
    "system.ts",
  ]);
});
