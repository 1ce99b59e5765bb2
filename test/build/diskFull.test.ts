import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { CLONE, TestWorkspace, toFailure, type Outcome } from "./workspace.ts";

const needsRoot = { skip: process.geteuid?.() === 0 ? false : "mounting a small disk needs root" };

/** Runs a command where a folder is a disk of this size; what the disk then holds is listed on standard output. */
function onSmallDisk(folder: string, size: string): string[] {
  const script = `mount -t tmpfs -o size=${size} tmpfs "$1"
mkdir "$1/tools"; for tree in "$2"/*/; do ln -s "$tree" "$1/tools/"; done
[ "$3" = "" ] || ln -s "$3" "$1/packages"
shift 3; status=0; "$@" || status=$?
cd "$SMALL_DISK"; find work steps packages -mindepth 1 -not -type l 2>/dev/null; exit $status`;
  return ["env", `SMALL_DISK=${folder}`, "unshare", "--mount", "sh", "-c", script, "sh", folder];
}

/** Of steps that are made at the same time, the one is told of that asks for room last. */
function assertDiskFull(outcome: Outcome, ...steps: readonly string[]): void {
  const { code, message, hint } = toFailure(outcome);
  assert.equal(code, "disk-full", outcome.stderr);
  const told = steps.map((step) => `The step "${step}" failed: there is no room left on the disk of "`);
  assert.ok(
    told.some((words) => message.startsWith(words)),
    message,
  );
  assert.match(hint ?? "", /Make room there: `socle cache prune`[^]*SOCLE_HOME=DIR/);
  assert.equal(outcome.exitCode, 1);
}

test(
  "a disk that fills up while packages are installed is named with its step, and nothing half made stays",
  needsRoot,
  async () => {
    await using workspace = await TestWorkspace.make();
    const prefix = [
      ...onSmallDisk(workspace.home, "150m"),
      join(CLONE, ".socle/tools"),
      join(CLONE, ".socle/packages"),
    ];
    const outcome = await workspace.build("out", [], { prefix });
    assertDiskFull(outcome, "packages");
    assert.doesNotMatch(outcome.stdout, /^(?:work|steps\/packages)\//m);
    assert.deepEqual(await workspace.list("out"), []);
  },
);

test(
  "a disk that fills up while packages are downloaded is named with its step, and nothing half made stays",
  needsRoot,
  async () => {
    await using workspace = await TestWorkspace.make();
    const pool = join(workspace.folder, "pool");
    assert.equal((await workspace.socle(["lock", workspace.definition, "--export", pool])).exitCode, 0);
    const prefix = [...onSmallDisk(workspace.home, "20m"), join(CLONE, ".socle/tools"), ""];
    const outcome = await workspace.build("out", [], { prefix, env: { SOCLE_MIRROR: `file:${pool}` } });
    assertDiskFull(outcome, "download");
    assert.doesNotMatch(outcome.stdout, /^(?:work|packages)\//m);
  },
);

test(
  "a disk that fills up while the root is packed is named with its step, and nothing half made stays",
  needsRoot,
  async () => {
    await using workspace = await TestWorkspace.make();
    await workspace.define({ files: { "/etc/motd": "not built before\n" } });
    // The clone's own results of what is not to be written there.
    const script = `mkdir "$SMALL_DISK/steps"
for name in packages node; do ln -s "$1/$name" "$SMALL_DISK/steps/"; done
shift; exec "$@"`;
    const prefix = [
      ...onSmallDisk(workspace.home, "250m"),
      join(CLONE, ".socle/tools"),
      join(CLONE, ".socle/packages"),
      "sh",
      "-eu",
      "-c",
      script,
      "sh",
      join(CLONE, ".socle/steps"),
    ];
    const outcome = await workspace.build("out", ["--offline"], { prefix });
    assertDiskFull(outcome, "root", "kernel template");
    assert.doesNotMatch(outcome.stdout, /^(?:work|steps\/root)\//m);
  },
);

test("an output on a full disk stays as it was", needsRoot, async () => {
  await using workspace = await TestWorkspace.make();
  await mkdir(join(workspace.folder, "small"));
  // The clone's own results: this test writes nothing but the output.
  await symlink(join(CLONE, ".socle/steps"), join(workspace.home, "steps"));
  const script =
    'mount -t tmpfs -o size=50m tmpfs "$1"; cd "$1"; shift; status=0; "$@" || status=$?; find . -mindepth 1; exit $status';
  const prefix = ["unshare", "--mount", "sh", "-c", script, "sh", join(workspace.folder, "small")];
  const outcome = await workspace.socle(
    [
      "build",
      join(CLONE, "systems/minimal/system.ts"),
      "--output",
      join(workspace.folder, "small/out"),
      "--json",
    ],
    { prefix },
  );
  assertDiskFull(outcome, "release");
  assert.equal(outcome.stdout, "");
});
