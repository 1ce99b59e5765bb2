import assert from "node:assert/strict";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { startMirror } from "./mirror.ts";
import { CLONE, run, SOCLE, TestWorkspace, toFailure, toRelease } from "./workspace.ts";

interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly archive: string;
  readonly sha256: string;
}

let pool: TestWorkspace;
let poolFolder: string;
let packages: LockedPackage[];

before(async () => {
  pool = await TestWorkspace.make();
  poolFolder = join(pool.folder, "pool of packages");
  const outcome = await pool.socle(["lock", pool.definition, "--export", poolFolder]);
  assert.equal(outcome.exitCode, 0, outcome.stderr);
  ({ packages } = JSON.parse(await readFile(pool.lockFile, "utf8")) as { packages: LockedPackage[] }); // written by lock
});
after(async () => pool[Symbol.asyncDispose]());

test("`socle lock --export` keeps every package of the lock, of any archive, where a mirror has it", async () => {
  assert.ok(packages.length > 100, `${packages.length} packages`);
  for (const { path, archive } of packages) {
    assert.ok((await lstat(join(poolFolder, path))).isFile(), path);
    // After a point release of Debian, until the next fix, nothing is newer in the security archive.
    assert.match(archive, /^debian(-security)?$/);
  }
});

test("a package with other bytes is refused by name, the others are kept, and a right mirror ends it", async () => {
  await using workspace = await TestWorkspace.make({ packages: false });
  const victim = packages.find(({ name }) => name === "libstdc++6");
  assert.ok(victim !== undefined);
  const bytes = await readFile(join(poolFolder, victim.path));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await using wrong = await startMirror(poolFolder, (path) =>
    path === `/${victim.path}` ? bytes : undefined,
  );

  const outcome = await workspace.build("out", [], { env: { SOCLE_MIRROR: wrong.url } });
  const { code, message, exitCode } = toFailure(outcome);
  assert.equal(code, "wrong-hash");
  assert.equal(
    message,
    `Refused libstdc++6 ${victim.version}: the mirror serves other bytes than the lock names`,
  );
  assert.deepEqual([outcome.exitCode, exitCode], [5, 5]);
  const kept = await workspace.list("home/packages");
  assert.deepEqual(
    kept.filter((name) => name.startsWith(victim.sha256)),
    [],
  );
  assert.ok(kept.length >= 2 * (packages.length - 1), "what was right is not downloaded again");
  assert.deepEqual(await workspace.list("home/work"), []);
  assert.deepEqual(await workspace.list("out"), []);

  await using right = await startMirror(poolFolder);
  const again = await workspace.socle(
    ["lock", workspace.definition, "--export", join(workspace.folder, "pool")],
    {
      env: { SOCLE_MIRROR: right.url },
    },
  );
  assert.equal(again.exitCode, 0, again.stderr);
  assert.ok(right.asked.includes(`/${victim.path}`));
  assert.deepEqual(
    await readFile(join(workspace.folder, "pool", victim.path)),
    await readFile(join(poolFolder, victim.path)),
  );
});

test("packages that have left the mirror are named", async () => {
  await using workspace = await TestWorkspace.make({ packages: false });
  const gone = packages.filter(({ name }) => name === "bash" || name === "libstdc++6");
  await using mirror = await startMirror(poolFolder, (path) =>
    gone.some((locked) => path === `/${locked.path}`) ? 404 : undefined,
  );
  const outcome = await workspace.build("out", [], { env: { SOCLE_MIRROR: mirror.url } });
  const { code, message, hint } = toFailure(outcome);
  assert.equal(code, "package-gone");
  for (const { name, version } of gone) assert.ok(message.includes(`${name} ${version}`), message);
  assert.match(hint ?? "", /socle lock --export/);
  assert.equal(outcome.exitCode, 1);
});

test("without the network, what is missing is an error before anything is tried", async () => {
  await using workspace = await TestWorkspace.make({ packages: false });
  const { code, hint } = toFailure(await workspace.build("out", ["--offline"]));
  assert.equal(code, "no-mirror");
  assert.match(hint ?? "", /SOCLE_MIRROR=file:/);
});

test("from the pool alone, with an empty cache of packages, the same system is built", async () => {
  await using workspace = await TestWorkspace.make({ packages: false });
  const output = join(workspace.folder, "reference");
  const argv = [SOCLE, "build", join(CLONE, "systems/minimal/system.ts"), "--output", output, "--json"];
  const reference = toRelease(await run(argv, { cwd: CLONE, env: {} }));
  // No network: even the loopback is down in a network namespace of its own.
  const offline = process.geteuid?.() === 0 ? ["unshare", "--net"] : [];
  const env = { SOCLE_MIRROR: `file:${poolFolder}` };
  const built = toRelease(await workspace.build("out", [], { env, prefix: offline }));
  assert.equal(built.rootHash, reference.rootHash);
  const stored = await workspace.list("home/packages");
  assert.ok(stored.length >= 2 * packages.length);
  for (const name of stored)
    assert.ok(
      (await lstat(join(workspace.home, "packages", name))).isFile(),
      "bytes, not a link into the pool",
    );
});
