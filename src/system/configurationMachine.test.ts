import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { findDrive, readDriveDocument } from "./configurationDrive.ts";
import { createConfigurationMachine } from "./configurationMachine.ts";

test("what is stored is root's only, takes the place of what was there, and leaves nothing beside it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-generations-"));
  const machine = createConfigurationMachine();
  const generations = join(folder.path, "config/generations");
  assert.deepEqual(await machine.listFolder(generations), []);
  const path = join(generations, "1.json");
  assert.equal(await machine.readText(path), undefined);
  // Two at once: one of them, whole.
  await Promise.all(["a", "b"].map((letter) => machine.writeDurably(path, letter.repeat(100_000))));
  assert.match((await machine.readText(path)) ?? "", /^(?:a{100000}|b{100000})$/);
  await machine.writeDurably(path, "third");
  assert.equal(await readFile(path, "utf8"), "third");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(generations), ["1.json"]);
  await machine.remove(path);
  await machine.remove(path);
  assert.deepEqual(await machine.listFolder(generations), []);
});

test("of a configuration drive one file is read, and nothing that it leads to", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-drive-"));
  const { path } = folder;
  await assert.rejects(readDriveDocument(path), /no socle\.yaml and no socle\.json/);
  await writeFile(join(path, "socle.json"), "{}");
  assert.equal(await readDriveDocument(path), "{}");
  await symlink("/etc/hostname", join(path, "socle.yaml"));
  await assert.rejects(readDriveDocument(path), /is no file/);
  const large = join(path, "large");
  await mkdir(large);
  await writeFile(join(large, "socle.yaml"), " ".repeat(1024 * 1024 + 1));
  await assert.rejects(readDriveDocument(large), /at most 1048576/);
});

test("a configuration drive is known by its label alone", () => {
  const others = '/dev/vda1: LABEL="ESP"\n/dev/vda9: LABEL="NOT-SOCLE-CONFIG"\n';
  assert.equal(findDrive(others), undefined);
  assert.equal(findDrive(`${others}/dev/sr0: LABEL="SOCLE-CONFIG"\n`), "/dev/sr0");
  assert.equal(findDrive(`${others}/dev/sda1: LABEL="SOCLE-CONF"\n`), "/dev/sda1");
  assert.equal(findDrive(`${others}/dev/sda1: LABEL="SOCLE-CONFIGURED"\n`), undefined);
});
