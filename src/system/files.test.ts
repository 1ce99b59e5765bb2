import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";

import {
  discard,
  hashBytes,
  hashFile,
  hashSources,
  linkOrCopy,
  listFolder,
  listTree,
  makeWorkFolder,
  readIfPresent,
  readStamp,
  remove,
  removeStaleWorkFolders,
  replaceFolder,
  writeAtomic,
  writeSymlink,
  writeWithParents,
} from "./files.ts";

const root = await mkdtemp(join(tmpdir(), "socle-files-"));
after(() => rm(root, { recursive: true }));
const makeFolder = () => mkdtemp(join(root, "t-"));

test("what is not there is undefined or empty, and any other failure is thrown", async () => {
  const folder = await makeFolder();
  assert.equal(await readIfPresent(join(folder, "x")), undefined);
  assert.equal(await readStamp(join(folder, "x")), undefined);
  assert.deepEqual(await listFolder(join(folder, "x")), []);
  await remove(join(folder, "x"));
  await assert.rejects(readIfPresent(folder), { code: "EISDIR" });
  await writeFile(join(folder, "file"), "");
  await assert.rejects(listFolder(join(folder, "file")), { code: "ENOTDIR" });
});

test("an atomic write makes the folders, replaces the file, sets the mode and leaves nothing beside it", async () => {
  const folder = await makeFolder();
  const path = join(folder, "a/b/file");
  await writeAtomic(path, "one");
  await writeAtomic(path, "two", 0o600);
  assert.equal(await readFile(path, "utf8"), "two");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(folder, "a/b")), ["file"]);
});

test("an atomic write that fails leaves what was there, and nothing beside it", async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, "taken/below"), { recursive: true });
  await assert.rejects(writeAtomic(join(folder, "taken"), "text"), { code: "EISDIR" });
  assert.deepEqual(await readdir(folder), ["taken"]);
});

test("permission bits are as asked, whatever the umask", async () => {
  const folder = await makeFolder();
  const before = process.umask(0o077);
  try {
    await writeWithParents(join(folder, "sub/program"), "#!", 0o4755);
  } finally {
    process.umask(before);
  }
  assert.equal((await stat(join(folder, "sub/program"))).mode & 0o7777, 0o4755);
});

test("a symlink takes the place of what was there", async () => {
  const folder = await makeFolder();
  await writeSymlink(join(folder, "sub/link"), "first");
  await writeSymlink(join(folder, "sub/link"), "second");
  assert.deepEqual(await listTree(folder), [
    { path: "sub", kind: "directory", mode: (await stat(join(folder, "sub"))).mode & 0o7777 },
    { path: "sub/link", kind: "symlink", mode: 0o777, target: "second" },
  ]);
});

test("a tree is listed in order, with modes, without following links or naming sockets", async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, "b"));
  await chmod(join(folder, "b"), 0o750);
  await writeFile(join(folder, "b/z"), "");
  await chmod(join(folder, "b/z"), 0o640);
  await symlink("/etc", join(folder, "a"));
  assert.equal(spawnSync("mkfifo", [join(folder, "c")]).status, 0);
  assert.deepEqual(await listTree(folder), [
    { path: "a", kind: "symlink", mode: 0o777, target: "/etc" },
    { path: "b", kind: "directory", mode: 0o750 },
    { path: "b/z", kind: "file", mode: 0o640 },
  ]);
});

test("the digest of a file is that of its bytes, and agrees with sha256sum", async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, "x"), "socle");
  const told = spawnSync("sha256sum", [join(folder, "x")], { encoding: "utf8" }).stdout.slice(0, 64);
  assert.equal(await hashFile(join(folder, "x")), told);
  assert.equal(hashBytes("socle"), told);
});

test("the digest of sources changes with a file's text and its name, and with nothing but TypeScript", async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, "src"));
  await writeFile(join(folder, "src/a.ts"), "1");
  const first = await hashSources(folder);
  await writeFile(join(folder, "src/a.md"), "words");
  assert.equal(await hashSources(folder), first);
  await writeFile(join(folder, "src/a.ts"), "2");
  const second = await hashSources(folder);
  assert.notEqual(second, first);
  await rm(join(folder, "src/a.ts"));
  await writeFile(join(folder, "src/b.ts"), "2");
  assert.notEqual(await hashSources(folder), second);
});

test("a link is the same file", async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, "a"), "x");
  await linkOrCopy(join(folder, "a"), join(folder, "b"));
  assert.equal((await lstat(join(folder, "a"))).ino, (await lstat(join(folder, "b"))).ino);
  await assert.rejects(linkOrCopy(join(folder, "a"), join(folder, "b")), { code: "EEXIST" });
});

test("work folders of processes that are gone are removed; those in use and all else stay", async () => {
  const folder = await makeFolder();
  const mine = basename(await makeWorkFolder(folder, "packages"));
  const gone = spawnSync("true").pid;
  for (const name of [`packages-${gone}-00ff00ff`, `.out-${gone}-00ff00ff`, `.out-${gone}-00ff00ff.0.old`])
    await mkdir(join(folder, name));
  for (const name of ["backup-2024", `notes-${gone}`, `packages-${gone}-short`])
    await mkdir(join(folder, name));
  const kept = ["backup-2024", mine, `notes-${gone}`, `packages-${gone}-short`];

  await removeStaleWorkFolders(folder, ".out");
  assert.deepEqual(await listFolder(folder), [...kept, `packages-${gone}-00ff00ff`].toSorted());
  await removeStaleWorkFolders(folder);
  assert.deepEqual(await listFolder(folder), kept.toSorted());
});

test("a folder takes the place of another one, whether that is there, empty or full", async () => {
  const folder = await makeFolder();
  for (const there of ["nothing", "empty", "full"]) {
    const target = join(folder, `out-${there}`);
    if (there !== "nothing") await mkdir(target);
    if (there === "full") await writeFile(join(target, "old"), "");
    const from = await makeWorkFolder(folder, ".out");
    await writeFile(join(from, "new"), "");
    await replaceFolder(from, target);
    assert.deepEqual(await readdir(target), ["new"]);
  }
  assert.deepEqual(await listFolder(folder), ["out-empty", "out-full", "out-nothing"]);
});

test("of folders that take one place at once, one stays, whole, and all succeed", async () => {
  const folder = await makeFolder();
  const target = join(folder, "out");
  const rounds = Array.from({ length: 20 }, async (_, round) => {
    const from = await makeWorkFolder(folder, ".out");
    for (const name of ["a", "b"]) await writeFile(join(from, name), String(round));
    await replaceFolder(from, target);
  });
  await Promise.all(rounds);
  const [a, b] = await Promise.all(["a", "b"].map((name) => readFile(join(target, name), "utf8")));
  assert.equal(a, b);
  assert.deepEqual(await listFolder(folder), ["out"]);
});

test("what is discarded is gone, and gone already is no error", async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, "steps/old/tree"), { recursive: true });
  await Promise.all([1, 2, 3].map(() => discard(join(folder, "steps/old"), join(folder, "work"))));
  assert.deepEqual(
    [await listFolder(join(folder, "steps")), await listFolder(join(folder, "work"))],
    [[], []],
  );
});
