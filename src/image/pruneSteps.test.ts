import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { listFolder } from "#system/files.ts";
import { openWorkspace } from "#system/workspace.ts";

import { KEPT_PER_KIND } from "./planPrune.ts";
import { pruneSteps } from "./pruneSteps.ts";

test("after a build, old results go whole; the build's own and all else stay", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-prune-"));
  const workspace = openWorkspace(folder.path);
  const now = Date.now();
  for (let days = 1; days <= KEPT_PER_KIND + 3; days++) {
    const step = join(workspace.steps, "root", `${days}-days`);
    await mkdir(join(step, "tree/usr"), { recursive: true });
    await writeFile(join(step, "step.json"), "{}");
    await utimes(join(step, "step.json"), (now - days * 86_400_000) / 1000, (now - days * 86_400_000) / 1000);
  }
  await mkdir(join(workspace.steps, "disk/only"), { recursive: true });
  await mkdir(join(workspace.tools, "tree"), { recursive: true });
  await mkdir(workspace.packages);

  const own = join(workspace.steps, "root", `${KEPT_PER_KIND + 3}-days`);
  assert.equal(await pruneSteps(workspace, new Set([own]), now), 2);
  const kept = await listFolder(join(workspace.steps, "root"));
  assert.deepEqual(kept, ["1-days", "2-days", "3-days", "4-days", "5-days", "6-days", "9-days"]);
  assert.deepEqual(await listFolder(join(workspace.steps, "disk")), ["only"]);
  assert.deepEqual(await listFolder(workspace.tools), ["tree"]);
  assert.deepEqual(await listFolder(workspace.work), []);
  assert.equal(await pruneSteps(workspace, new Set([own]), now), 0);
});
