import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempDisposable, readFile, readdir, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";

const CLONE = join(import.meta.dirname, "..");

interface Outcome {
  readonly exitCode: number | string | null;
  readonly output: string;
}

/** Node is the one that runs this test, since the host's may be older. */
async function run(script: string, words: readonly string[], folder: string): Promise<Outcome> {
  return new Promise((done) => {
    execFile(process.execPath, [join(CLONE, script), ...words], { cwd: folder }, (error, stdout, stderr) => {
      done({ exitCode: error?.code ?? 0, output: stripVTControlCharacters(stdout + stderr) });
    });
  });
}

const socle = (words: readonly string[], folder: string) => run("src/cli/main.ts", words, folder);
const tsc = (folder: string) => run("node_modules/typescript/bin/tsc", ["-p", "."], folder);

test("a project that init has started passes its checks, and a typo in it is found twice", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-init-"));
  const project = join(folder.path, "My Edge");

  const started = await socle(["init", "My Edge"], folder.path);
  assert.equal(started.exitCode, 0, started.output);
  assert.equal(await realpath(join(project, "node_modules/socle")), await realpath(CLONE));

  assert.deepEqual(await tsc(project), { exitCode: 0, output: "" });
  const checked = await socle(["check", "system.ts"], project);
  assert.equal(checked.exitCode, 0, checked.output);
  assert.match(checked.output, /my-edge 1\.0 · level sealed/);

  const system = await readFile(join(project, "system.ts"), "utf8");
  await writeFile(join(project, "system.ts"), system.replace("packages:", "pakcages:"));
  const mistyped = await tsc(project);
  assert.notEqual(mistyped.exitCode, 0);
  assert.match(mistyped.output, /system\.ts.*'pakcages' does not exist in type 'SystemInput'/);

  const refused = await socle(["check", "system.ts"], project);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.output, /system\.ts:\d+:3 {3}unknown key "pakcages" — did you mean "packages"\?/);
  assert.match(refused.output, /\| {3}pakcages: \[\],\n +\| {3}\^{8}\n/);
});

test("init leaves a folder alone that has something in it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-init-"));
  await writeFile(join(folder.path, "precious"), "");
  const { exitCode, output } = await socle(["init", "."], folder.path);
  assert.equal(exitCode, 1);
  assert.match(output, /1 entries, "precious" among them/);
  assert.deepEqual(await readdir(folder.path), ["precious"]);
});
