import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import type { LockedPackage } from "#release/lock.ts";

import type { AptMirrors } from "./aptArchive.ts";
import { hashFile, listFolder } from "./files.ts";
import { PackageStore } from "./packageStore.ts";
import { runCommand } from "./runCommand.ts";

const root = await mkdtemp(join(tmpdir(), "socle store ")); // a space in it, as a home folder may have
after(() => rm(root, { recursive: true }));
const pool = join(root, "pool");

/** Makes a real, tiny Debian package where a mirror would have it. */
async function makePackage(name: string, version: string): Promise<LockedPackage> {
  const tree = join(root, "trees", name);
  await mkdir(join(tree, "DEBIAN"), { recursive: true });
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody <nobody@example>\nDescription: for a test\n`;
  await writeFile(join(tree, "DEBIAN/control"), control);
  const path = `pool/main/${name.slice(0, 1)}/${name}/${name}_${version.replace(/^\d+:/, "")}_all.deb`;
  await mkdir(join(pool, path, ".."), { recursive: true });
  await runCommand(["dpkg-deb", "--root-owner-group", "--build", tree, join(pool, path)]);
  const sha256 = await hashFile(join(pool, path));
  const { size } = await stat(join(pool, path));
  return { name, version, architecture: "all", archive: "debian", path, sizeBytes: size, sha256 };
}

const packages = [await makePackage("first++", "1:1.0+b1"), await makePackage("second", "2.0~rc1")];

const mirrors = async (): Promise<AptMirrors> => ({ debian: `file:${pool}`, "debian-security": undefined });

async function openStore(name: string): Promise<{ store: PackageStore; folder: string; work: string }> {
  const [folder, work] = [join(root, name, "packages"), join(root, name, "work")];
  return { store: new PackageStore(folder, work), folder, work };
}

test("packages come into the store once, by their digest, each with its control stanza", async () => {
  const { store, folder, work } = await openStore("a");
  const seen: number[] = [];
  // An image and its tools name the same package.
  const wanted = [...packages, ...packages];
  const result = await store.fetch(wanted, mirrors, { onProgress: (done, total) => seen.push(done / total) });
  assert.deepEqual(result, {
    fetched: 2,
    bytes: packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  });
  assert.equal(seen.at(-1), 1);
  assert.deepEqual(
    await listFolder(folder),
    packages.flatMap(({ sha256 }) => [`${sha256}.control`, `${sha256}.deb`]).toSorted(),
  );
  assert.deepEqual(await listFolder(work), []);
  for (const locked of packages) {
    assert.equal(await hashFile(store.fileOf(locked)), locked.sha256);
    const control = await readFile(join(folder, `${locked.sha256}.control`), "utf8");
    assert.match(control, new RegExp(`^Size: ${locked.sizeBytes}\nSHA256: ${locked.sha256}\n`, "m"));
  }
  const none = async () => assert.fail("a full store needs no mirror");
  assert.deepEqual(await store.fetch(wanted, none), { fetched: 0, bytes: 0 });
});

test("of a download that fails, what is right is kept and what is wrong is not", async () => {
  const { store, folder, work } = await openStore("b");
  const [right, other] = packages;
  assert.ok(right !== undefined && other !== undefined);
  const wrong = { ...other, sha256: right.sha256.replaceAll(/./g, "0") as LockedPackage["sha256"] }; // 64 digits
  await assert.rejects(store.fetch([right, wrong], mirrors), { code: "wrong-hash" });
  assert.deepEqual(await listFolder(folder), [`${right.sha256}.control`, `${right.sha256}.deb`]);
  assert.deepEqual(await store.findMissing([right, wrong, other]), [wrong, other]);
  assert.deepEqual(await listFolder(work), []);
});

test("apt can install from the flat repository, and finds every version", async () => {
  const { store } = await openStore("a");
  await store.fetch(packages, mirrors);
  const repository = join(root, "repository");
  await store.makeRepository(packages, repository);
  const index = await readFile(join(repository, "Packages"), "utf8");
  const stanzas = index.split("\n\n").map((stanza) =>
    Object.fromEntries(
      stanza
        .split("\n")
        .filter(Boolean)
        .map((row) => row.split(": ")),
    ),
  );
  assert.deepEqual(
    stanzas.map(({ Package, Version, Filename }) => ({ Package, Version, Filename })),
    [
      { Package: "first++", Version: "1:1.0+b1", Filename: "./first++_1%3a1.0+b1_all.deb" },
      { Package: "second", Version: "2.0~rc1", Filename: "./second_2.0~rc1_all.deb" },
    ],
  );
  for (const { Filename, SHA256 } of stanzas)
    assert.equal(await hashFile(join(repository, Filename as string)), SHA256);
});

test("an export is a mirror again, and a second one changes nothing", async () => {
  const { store } = await openStore("a");
  await store.fetch(packages, mirrors);
  const exported = join(root, "exported");
  for (let times = 0; times < 2; times++) await store.export(packages, exported);
  for (const { path, sha256 } of packages) assert.equal(await hashFile(join(exported, path)), sha256);
  const { store: empty } = await openStore("c");
  const { fetched } = await empty.fetch(packages, async () => ({
    debian: `file:${exported}`,
    "debian-security": undefined,
  }));
  assert.equal(fetched, 2);
});
