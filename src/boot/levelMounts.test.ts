import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { ETC_POLICIES, LEVELS, VAR_POLICIES, type LevelName } from "#definition/levels.ts";

import { encodeFstab, ETC_MOUNTS, hasVarPartition, VAR_MOUNTS } from "./levelMounts.ts";

const UUIDS = { root: "aaaaaaaa-0000-4000-8000-000000000001", var: "bbbbbbbb-0000-4000-8000-000000000002" };
const HEAD = "# Made by the build. fstab(5)\n";

const FSTABS: Readonly<Record<LevelName, string>> = {
  classic: `${HEAD}PARTUUID=${UUIDS.root} / ext4 rw,x-systemd.growfs 0 1\n`,
  semi: `${HEAD}PARTUUID=${UUIDS.var} /var ext4 rw,nosuid,nodev,x-systemd.growfs 0 0\n`,
  sealed: `${HEAD}PARTUUID=${UUIDS.var} /var ext4 rw,nosuid,nodev,noexec,x-systemd.growfs 0 0\n`,
  total: `${HEAD}tmpfs /var tmpfs rw,nosuid,nodev,noexec,mode=0755,size=50% 0 0\n`,
};

for (const [level, wanted] of Object.entries(FSTABS)) {
  test(`the fstab of "${level}" is as written here, and findmnt reads it`, () => {
    const text = encodeFstab(LEVELS[level as LevelName], UUIDS); // a key of LEVELS
    assert.equal(text, wanted);
    const folder = mkdtempSync(join(tmpdir(), "socle-fstab-"));
    try {
      writeFileSync(join(folder, "fstab"), text);
      const argv = ["--tab-file", join(folder, "fstab"), "--noheadings", "--output", "TARGET"];
      const { status, stdout, stderr } = spawnSync("findmnt", argv, { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.equal(stdout.trim().split("\n").length, 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test("a partition for /var is there exactly where it is to last, apart from the root", () => {
  assert.deepEqual(
    Object.entries(LEVELS).map(([name, policies]) => [name, hasVarPartition(policies)]),
    [
      ["classic", false],
      ["semi", true],
      ["sealed", true],
      ["total", false],
    ],
  );
});

test("the mounts keep what the table of levels promises of /var", () => {
  for (const [name, { executable, persists }] of Object.entries(VAR_POLICIES)) {
    const mount = VAR_MOUNTS[name as keyof typeof VAR_POLICIES]; // one of its keys
    if (mount === undefined) continue; // part of the root
    assert.equal(mount.options.split(",").includes("noexec"), !executable, name);
    assert.equal(mount.fileSystem === "ext4", persists, name);
    for (const option of ["nosuid", "nodev"])
      assert.ok(mount.options.split(",").includes(option), `${name} ${option}`);
  }
});

test("only an /etc that keeps changes is laid over by the initrd", () => {
  for (const [name, { writable }] of Object.entries(ETC_POLICIES)) {
    const mount = ETC_MOUNTS[name as keyof typeof ETC_POLICIES]; // one of its keys
    if (mount === "initrd-overlay") assert.equal(writable, true, name);
    if (!writable) assert.notEqual(mount, "initrd-overlay", name);
  }
});
