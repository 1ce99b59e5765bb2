import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempDisposable, readFile, readdir, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";

const CLONE = join(import.meta.dirname, "../..");

interface Outcome {
  readonly exitCode: number | string | null;
  readonly output: string;
}

async function run(program: string, words: readonly string[], folder: string): Promise<Outcome> {
  // Where it is set, a test runner takes itself for a part of this one, and runs nothing.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  return new Promise((done) => {
    execFile(program, [...words], { cwd: folder, env }, (error, stdout, stderr) => {
      done({ exitCode: error?.code ?? 0, output: stripVTControlCharacters(stdout + stderr) });
    });
  });
}

/** Node is the one that runs this test, since the host's may be older. */
const runScript = (script: string, words: readonly string[], folder: string) =>
  run(process.execPath, [join(CLONE, script), ...words], folder);
const socle = (words: readonly string[], folder: string) => runScript("src/cli/main.ts", words, folder);
const tsc = (folder: string) => runScript("node_modules/typescript/bin/tsc", ["-p", "."], folder);

/** As `npm test` does, which this host may not have. */
async function npmTest(project: string): Promise<Outcome> {
  const { scripts } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
    scripts: { test: string }; // as toProjectFiles writes it
  };
  return run("sh", ["-c", scripts.test], project);
}

test("a project that init has started passes its checks, and a typo in it is found twice", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-init-"));
  const project = join(folder.path, "My Edge");

  const started = await socle(["init", "My Edge"], folder.path);
  assert.equal(started.exitCode, 0, started.output);
  assert.equal(await realpath(join(project, "node_modules/socle")), await realpath(CLONE));

  assert.deepEqual(await tsc(project), { exitCode: 0, output: "" });
  const checked = await socle(["check", "system.ts"], project);
  assert.equal(checked.exitCode, 0, checked.output);
  assert.match(checked.output, /my-edge 1\.0 · level sealed.* · 3 checks\n/);

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

test("the checks of a project that init has started are tried by its own test, which can fail", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-init-"));
  assert.equal((await socle(["init", "edge"], folder.path)).exitCode, 0);
  const project = join(folder.path, "edge");
  const passed = await npmTest(project);
  assert.equal(passed.exitCode, 0, passed.output);
  assert.match(passed.output, /pass 1\b/);

  const checks = await readFile(join(project, "checks.ts"), "utf8");
  await writeFile(join(project, "checks.ts"), checks.replace("|gcc|", "|"));
  const failed = await npmTest(project);
  assert.equal(failed.exitCode, 1, failed.output);
  assert.match(failed.output, /a compiler is found by its name/);
});

test("docs/checks.md shows the files that init writes", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-init-"));
  assert.equal((await socle(["init", "edge"], folder.path)).exitCode, 0);
  const text = await readFile(join(CLONE, "docs/checks.md"), "utf8");
  for (const name of ["checks.ts", "checks.test.ts"]) {
    const written = await readFile(join(folder.path, "edge", name), "utf8");
    assert.ok(text.includes(`\`\`\`ts\n${written}\`\`\`\n`), name);
  }
});

test("init leaves a folder alone that has something in it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-init-"));
  await writeFile(join(folder.path, "precious"), "");
  const { exitCode, output } = await socle(["init", "."], folder.path);
  assert.equal(exitCode, 1);
  assert.match(output, /1 entries, "precious" among them/);
  assert.deepEqual(await readdir(folder.path), ["precious"]);
});
