import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { openBootFolder } from "./openBootFolder.ts";
import { UpdaterMachineError } from "./updaterMachineError.ts";

async function* piecesOf(bytes: Buffer, pieceBytes = 1000): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(pieceBytes);
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    // As writers get them: each piece lies where the one before was.
    const length = bytes.copy(memory, 0, start, start + pieceBytes);
    yield memory.subarray(0, length);
  }
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

test("a kernel image is written in pieces, synced, read back and renamed over another", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-esp-"));
  const bootFolder = openBootFolder(folder.path);
  const bytes = Buffer.from(Array.from({ length: 10_001 }, (_, index) => index % 251));
  await writeFile(join(folder.path, "minimal_1.1.0+3-0.efi"), "old");
  await bootFolder.write("minimal_1.1.0+3-0.efi.part", piecesOf(bytes));
  await bootFolder.sync();
  for (const time of ["from the medium", "from the cache"])
    assert.equal((await bootFolder.examine("minimal_1.1.0+3-0.efi.part")).sha256, sha256(bytes), time);
  await bootFolder.rename("minimal_1.1.0+3-0.efi.part", "minimal_1.1.0+3-0.efi");
  await bootFolder.sync();
  assert.deepEqual(await bootFolder.list(), [{ name: "minimal_1.1.0+3-0.efi", sizeBytes: 10_001 }]);
  assert.deepEqual(await readFile(join(folder.path, "minimal_1.1.0+3-0.efi")), bytes);
  await bootFolder.remove("minimal_1.1.0+3-0.efi");
  await bootFolder.remove("minimal_1.1.0+3-0.efi");
  assert.deepEqual(await readdir(folder.path), []);
});

test("a shorter file in place of a longer one has nothing of it left", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-esp-"));
  const bootFolder = openBootFolder(folder.path);
  for (const text of ["long and old", "new"]) await bootFolder.write("a.part", piecesOf(Buffer.from(text)));
  assert.equal((await bootFolder.examine("a.part")).sha256, sha256("new"));
  assert.equal(await readFile(join(folder.path, "a.part"), "utf8"), "new");
});

test("a kernel image that somebody else has changed is read again, as all are after a change of our own", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-esp-"));
  const bootFolder = openBootFolder(folder.path);
  const path = join(folder.path, "minimal_1.0.0.efi");
  await writeFile(path, "one");
  const { atime, mtime } = await stat(path);
  const examine = async () => (await bootFolder.examine("minimal_1.0.0.efi")).sha256;
  assert.equal(await examine(), sha256("one"));
  // Nothing that the file system says has changed but ctime, which nobody can set.
  await writeFile(path, "two");
  await utimes(path, atime, mtime);
  assert.equal(await examine(), sha256("two"));
  await bootFolder.write("other.part", piecesOf(Buffer.from("x")));
  assert.equal(await examine(), sha256("two"));
});

test("a kernel image that did not change is not read again", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-esp-"));
  const bootFolder = openBootFolder(folder.path);
  const path = join(folder.path, "minimal_1.0.0.efi");
  await writeFile(path, "one");
  const first = await bootFolder.examine("minimal_1.0.0.efi");
  assert.equal(await bootFolder.examine("minimal_1.0.0.efi"), first);
  await bootFolder.remove("other.part");
  assert.notEqual(await bootFolder.examine("minimal_1.0.0.efi"), first);
});

test("only files are listed", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-esp-"));
  await mkdir(join(folder.path, "minimal_1.0.0.efi.extra.d"));
  await symlink("nowhere", join(folder.path, "link.efi"));
  await writeFile(join(folder.path, "minimal_1.0.0.efi"), "uki");
  assert.deepEqual(await openBootFolder(folder.path).list(), [{ name: "minimal_1.0.0.efi", sizeBytes: 3 }]);
});

test("free space is that of the file system", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-esp-"));
  assert.ok((await openBootFolder(folder.path).freeBytes()) > 1024);
});

test("an ESP that is not mounted is told of, with what to look at", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-esp-"));
  const bootFolder = openBootFolder(join(folder.path, "EFI/Linux"));
  const isMissing = (error: unknown) =>
    error instanceof UpdaterMachineError && error.code === "boot-folder-missing" && error.hint !== undefined;
  await assert.rejects(bootFolder.list(), isMissing);
  await assert.rejects(bootFolder.freeBytes(), isMissing);
  await assert.rejects(bootFolder.write("a.part", piecesOf(Buffer.from("x"))), isMissing);
});

test("a source that fails is what is thrown, and the name stays that of a part", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-esp-"));
  const bootFolder = openBootFolder(folder.path);
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from("beginning");
    throw new Error("the line broke");
  };
  await assert.rejects(bootFolder.write("a.part", broken()), /the line broke/);
  assert.deepEqual(await bootFolder.list(), [{ name: "a.part", sizeBytes: 9 }]);
});
