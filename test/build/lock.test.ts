import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { test } from "node:test";

import { startMirror } from "./mirror.ts";
import { TestWorkspace, toFailure } from "./workspace.ts";

test("a package that does not exist is named, with what to do, and the lock stays as it was", async () => {
  await using workspace = await TestWorkspace.make();
  await workspace.define({ packages: ["htop", "no-such-package"] });
  const before = await readFile(workspace.lockFile, "utf8");
  const outcome = await workspace.socle(["lock", workspace.definition, "--json"]);
  const { code, message, hint } = toFailure(outcome);
  assert.equal(code, "package-unknown");
  assert.equal(message, 'Cannot lock: trixie has no package "no-such-package"');
  assert.match(hint ?? "", /apt-cache search/);
  assert.equal(outcome.exitCode, 1);
  assert.equal(await readFile(workspace.lockFile, "utf8"), before);
});

test("a mirror that does not answer, or with errors, is a clear error and nothing is written", async () => {
  await using workspace = await TestWorkspace.make();
  await writeFile(workspace.lockFile, "not a lock");
  await using broken = await startMirror(undefined, () => 500);
  const closed = await startMirror(undefined);
  await closed[Symbol.asyncDispose]();
  for (const { url } of [broken, closed]) {
    const outcome = await workspace.socle(["lock", workspace.definition, "--json"], {
      env: { SOCLE_MIRROR: url },
    });
    const { code, message, hint, outputTail } = toFailure(outcome);
    assert.equal(code, "mirror-failed");
    assert.equal(message, "Cannot read the package lists of trixie: the mirror did not serve them");
    assert.match(outputTail ?? "", /127\.0\.0\.1/);
    assert.match(hint ?? "", /Check the network/);
    assert.equal(outcome.exitCode, 1);
    assert.equal(await readFile(workspace.lockFile, "utf8"), "not a lock");
    assert.deepEqual(await workspace.list("home/work"), []);
  }
});

test("a suite that the mirror does not have is named", async () => {
  await using workspace = await TestWorkspace.make();
  await workspace.define({ distribution: { suite: "trixy" } });
  await using empty = await startMirror(undefined);
  const outcome = await workspace.socle(["lock", workspace.definition, "--json"], {
    env: { SOCLE_MIRROR: empty.url },
  });
  const { code, message } = toFailure(outcome);
  assert.deepEqual(
    { code, message },
    { code: "suite-unknown", message: 'Cannot lock: the mirror has no suite "trixy"' },
  );
});

test("a build with a stale lock says what changed, and makes nothing", async () => {
  await using workspace = await TestWorkspace.make();
  await workspace.define({ packages: ["htop"], kernel: { package: "linux-image-amd64" } });
  for (const outcome of [
    await workspace.build("out"),
    await workspace.socle(["lock", workspace.definition, "--check", "--json"]),
  ]) {
    const { code, message, hint } = toFailure(outcome);
    assert.equal(code, "lock-stale");
    assert.deepEqual(message.split("\n").slice(1), [
      '  package "htop" was added',
      '  package "linux-image-amd64" was added',
      '  package "linux-image-cloud-amd64" was removed',
    ]);
    assert.match(hint ?? "", /socle lock/);
    assert.equal(outcome.exitCode, 1);
  }
  assert.deepEqual(await workspace.list("out"), []);
  assert.deepEqual(await workspace.list("home/steps"), []);
});

test("a lock that is not one, or is not there, is told apart", async () => {
  await using workspace = await TestWorkspace.make();
  const known = await readFile(workspace.lockFile, "utf8");
  await writeFile(workspace.lockFile, known.slice(0, 1000));
  const notJson = toFailure(await workspace.build("out"));
  assert.equal(notJson.code, "lock-malformed");
  assert.match(notJson.message, /system\.lock\.json": it is not JSON/);

  await writeFile(workspace.lockFile, known.replace("pool/", "../pool/"));
  const wrongPath = toFailure(await workspace.build("out"));
  assert.equal(wrongPath.code, "lock-malformed");
  assert.match(wrongPath.message, /at packages\[0\]\.path/);

  await workspace.socle(["init", `${workspace.folder}/other`]);
  const missing = toFailure(
    await workspace.socle(["build", `${workspace.folder}/other/system.ts`, "--json"]),
  );
  assert.equal(missing.code, "lock-missing");
  assert.match(missing.hint ?? "", /socle lock /);
});

test("`socle lock --check` agrees where nothing changed, and `socle lock` then asks nobody", async () => {
  await using workspace = await TestWorkspace.make();
  await using mirror = await startMirror(undefined);
  const env = { SOCLE_MIRROR: mirror.url };
  const before = await stat(workspace.lockFile);
  const check = await workspace.socle(["lock", workspace.definition, "--check"], { env });
  assert.equal(check.exitCode, 0);
  assert.match(check.stdout, /belongs to this definition/);
  assert.equal((await stat(workspace.lockFile)).mtimeMs, before.mtimeMs);
  const again = await workspace.socle(["lock", workspace.definition], { env });
  assert.equal(again.exitCode, 0);
  assert.match(again.stdout, /^unchanged, \d+ packages/);
  assert.deepEqual(mirror.asked, []);
});
