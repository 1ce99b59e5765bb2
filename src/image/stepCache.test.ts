import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import type { ProgressEvent } from "#progress/events.ts";
import { noteCommand } from "#system/recordCommands.ts";
import { runCommand } from "#system/runCommand.ts";

import { digest, StepCache, type Json, type Step } from "./stepCache.ts";

const root = await mkdtemp(join(tmpdir(), "socle-steps-"));
after(() => rm(root, { recursive: true }));

/** Folders of a test's own, and what its builds report. */
async function setUp() {
  const folder = await mkdtemp(join(root, "t-"));
  const folders = { steps: join(folder, "steps"), work: join(folder, "work") };
  const events: ProgressEvent[] = [];
  return { folders, events, openCache: () => new StepCache(folders, (event) => events.push(event)) };
}

let made = 0;
function stepOf(inputs: Json, more: Partial<Step<number>> = {}): Step<number> {
  return {
    name: "count",
    code: [],
    inputs,
    make: async (folder) => {
      made += 1;
      await writeFile(join(folder, "result"), JSON.stringify(inputs));
      return made;
    },
    ...more,
  };
}

test("a step is made once, and found by every later build", async () => {
  const { folders, events, openCache } = await setUp();
  const first = await openCache().run(stepOf({ a: 1 }));
  const second = await openCache().run(stepOf({ a: 1 }));
  assert.deepEqual(second, first);
  assert.equal(await readFile(join(first.folder, "result"), "utf8"), '{"a":1}');
  const done = events.filter((event) => event.kind === "step-done");
  assert.deepEqual(
    done.map(({ step, cached }) => ({ step, cached })),
    [
      { step: "count", cached: false },
      { step: "count", cached: true },
    ],
  );
  assert.deepEqual(await readdir(folders.work), []);
});

test("the key changes with the inputs, the name and the text of the code, and not with the order of keys", async () => {
  const { folders, openCache } = await setUp();
  const code = join(folders.steps, "../code.ts");
  const other = join(folders.steps, "../other.ts");
  await writeFile(code, "1");
  await writeFile(other, "2");
  const cache = openCache();
  const keyOf = async (step: Step<number>) => (await cache.run(step)).key;
  const key = await keyOf(stepOf({ a: 1, b: [1, 2] }, { code: [code] }));
  assert.equal(await keyOf(stepOf({ b: [1, 2], a: 1 }, { code: [code] })), key);
  const others = [
    stepOf({ a: 1, b: [2, 1] }, { code: [code] }),
    stepOf({ a: "1", b: [1, 2] }, { code: [code] }),
    stepOf({ a: 1, b: [1, 2] }, { code: [other] }),
    stepOf({ a: 1, b: [1, 2] }, { code: [code], name: "other" }),
  ];
  const keys = await Promise.all(others.map(keyOf));
  assert.equal(new Set([key, ...keys]).size, 5);
});

test("digests take absent keys as left out, and tell nested values apart", () => {
  assert.equal(digest({ a: 1, b: undefined }), digest({ a: 1 }));
  assert.notEqual(digest({ a: { b: 1 } }), digest({ a: 1, b: 1 }));
  assert.notEqual(digest([]), digest({}));
  assert.match(digest(null), /^[0-9a-f]{64}$/);
});

test("a result whose file was touched, or is gone, is made again", async () => {
  const { folders, openCache } = await setUp();
  const cache = openCache();
  const { folder, value } = await cache.run(stepOf("x"));
  await writeFile(join(folder, "result"), "tampered");
  const second = await cache.run(stepOf("x"));
  assert.equal(second.folder, folder);
  assert.notEqual(second.value, value);
  assert.equal(await readFile(join(folder, "result"), "utf8"), '"x"');
  await rm(join(folder, "result"));
  assert.notEqual((await cache.run(stepOf("x"))).value, second.value);
  assert.deepEqual(await readdir(folders.work), []);
});

test("a step that fails leaves nothing, says its name, and is made by the next build", async () => {
  const { folders, events, openCache } = await setUp();
  const cache = openCache();
  const failing = stepOf("x", {
    make: async (folder) => {
      await writeFile(join(folder, "half"), "");
      await runCommand(["sh", "-c", "exit 1"], { title: "half a tool" });
      return 0;
    },
  });
  await assert.rejects(cache.run(failing), {
    code: "step-failed",
    message: 'The step "count" failed: half a tool failed: exit status 1',
  });
  assert.deepEqual(await readdir(folders.work), []);
  await assert.rejects(stat(join(folders.steps, "count")), { code: "ENOENT" });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["step-started", "step-failed"],
  );
  assert.ok((await cache.run(stepOf("x"))).value > 0);
});

test("builds that make the same at once all succeed, and one copy stays", async () => {
  const { folders, openCache } = await setUp();
  const results = await Promise.all(Array.from({ length: 8 }, () => openCache().run(stepOf("same"))));
  assert.equal(new Set(results.map(({ folder }) => folder)).size, 1);
  assert.deepEqual(await readdir(join(folders.steps, "count")), [results[0]?.key]);
  assert.equal(await readFile(join(results[0]?.folder ?? "", "result"), "utf8"), '"same"');
  assert.deepEqual(await readdir(folders.work), []);
});

test("a result that is found counts as used now, and the cache knows what was asked for", async () => {
  const { openCache } = await setUp();
  const { folder } = await openCache().run(stepOf("x"));
  const record = join(folder, "step.json");
  await utimes(record, 1, 1);
  const cache = openCache();
  assert.deepEqual([...cache.used], []);
  await cache.run(stepOf("x"));
  assert.ok((await stat(record)).mtimeMs > Date.now() - 60_000);
  assert.deepEqual([...cache.used], [folder]);
});

test("the commands of a step are kept with its result, without the folders of this host", async () => {
  const { folders, openCache } = await setUp();
  const from = join(folders.steps, "packages", "a".repeat(64), "tree");
  const step = stepOf("commands", {
    name: "root",
    make: async (folder) => {
      noteCommand(["mkfs.erofs", `--from=${from}`, join(folder, "root.img")]);
      return 1;
    },
  });
  const wanted = new Map([["root", [["mkfs.erofs", "--from=steps/packages/tree", "work/root/root.img"]]]]);
  const first = openCache();
  await first.run(step);
  assert.deepEqual(first.commands, wanted);
  const second = openCache();
  await second.run(step);
  assert.deepEqual(second.commands, wanted);
});

test("a result whose commands were not recorded is made again", async () => {
  const { openCache } = await setUp();
  const { folder, value } = await openCache().run(stepOf("unrecorded"));
  const record = join(folder, "step.json");
  const { commands: _, ...old } = JSON.parse(await readFile(record, "utf8")) as Record<string, unknown>;
  await writeFile(record, JSON.stringify(old));
  assert.notEqual((await openCache().run(stepOf("unrecorded"))).value, value);
});
