import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { listLockFiles, parseInhibitors } from "./listLocks.ts";

test("each file of the folder is a lock, and its first line the reason", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-locks-"));
  assert.deepEqual(await listLockFiles(join(folder.path, "none")), []);
  await writeFile(join(folder.path, "recorder"), "a recording runs \nsince 3 o'clock\n");
  await writeFile(join(folder.path, "backup"), "");
  await mkdir(join(folder.path, "folder"));
  await symlink("nowhere", join(folder.path, "link"));
  assert.deepEqual(await listLockFiles(folder.path), [
    { name: "backup", reason: "" },
    { name: "recorder", reason: "a recording runs" },
  ]);
});

/** systemd 257. */
const INHIBITORS = JSON.stringify([
  {
    who: "dpkg",
    uid: 0,
    user: "root",
    pid: 7,
    comm: "dpkg",
    what: "shutdown",
    why: "installs",
    mode: "block",
  },
  {
    who: "player",
    uid: 1,
    user: "a",
    pid: 8,
    comm: "p",
    what: "sleep:shutdown",
    why: "plays",
    mode: "block",
  },
  { who: "net", uid: 0, user: "root", pid: 9, comm: "n", what: "sleep", why: "down first", mode: "block" },
  {
    who: "unattended",
    uid: 0,
    user: "root",
    pid: 3,
    comm: "u",
    what: "shutdown",
    why: "stops",
    mode: "delay",
  },
]);

test("of systemd's inhibitors those count that block a shutdown", () => {
  assert.deepEqual(parseInhibitors(INHIBITORS), [
    { name: "dpkg", reason: "installs" },
    { name: "player", reason: "plays" },
  ]);
  assert.deepEqual(parseInhibitors("[]"), []);
  assert.throws(() => parseInhibitors("{}"));
});
