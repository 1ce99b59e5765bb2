import assert from "node:assert/strict";
import { chmod, chown, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { findTreeDifference } from "./findTreeDifference.ts";

const root = await mkdtemp(join(tmpdir(), "socle-trees-"));
after(() => rm(root, { recursive: true }));

async function makeTree(): Promise<string> {
  const tree = await mkdtemp(join(root, "t-"));
  await mkdir(join(tree, "etc/empty"), { recursive: true });
  await writeFile(join(tree, "etc/hostname"), "one\n");
  await writeFile(join(tree, "zz"), "last\n");
  await symlink("etc", join(tree, "link"));
  return tree;
}

type Change = (tree: string) => Promise<unknown>;
const CHANGES: readonly (readonly [what: string, change: Change, path: string, why: RegExp])[] = [
  [
    "another content of the same size",
    (tree) => writeFile(join(tree, "etc/hostname"), "two\n"),
    "etc/hostname",
    /^contents [0-9a-f]{12} and /,
  ],
  [
    "another size",
    (tree) => writeFile(join(tree, "etc/hostname"), "longer\n"),
    "etc/hostname",
    /^size 4 and 7$/,
  ],
  [
    "another mode",
    (tree) => chmod(join(tree, "etc/hostname"), 0o600),
    "etc/hostname",
    /^type and permissions 100644 and 100600$/,
  ],
  [
    "a file for a folder",
    async (tree) => {
      await rm(join(tree, "etc/empty"), { recursive: true });
      await writeFile(join(tree, "etc/empty"), "");
    },
    "etc/empty",
    /^type and permissions/,
  ],
  [
    "another target",
    async (tree) => {
      await rm(join(tree, "link"));
      await symlink("usr", join(tree, "link"));
    },
    "link",
    /^it points to "etc" and "usr"$/,
  ],
  ["one more", (tree) => writeFile(join(tree, "etc/aa"), ""), "etc/aa", /only in the second/],
  ["one less", (tree) => rm(join(tree, "zz")), "zz", /only in the first/],
];

for (const [what, change, path, why] of CHANGES) {
  test(`of two trees that differ by ${what}, the place and the reason are told`, async () => {
    const [first, second] = [await makeTree(), await makeTree()];
    await chmod(join(first, "etc/hostname"), 0o644);
    await chmod(join(second, "etc/hostname"), 0o644);
    await change(second);
    const found = await findTreeDifference(first, second);
    assert.equal(found?.path, path);
    assert.match(found.why, why);
  });
}

test(
  "another owner is a difference",
  { skip: process.geteuid?.() !== 0 && "only root may change owners" },
  async () => {
    const [first, second] = [await makeTree(), await makeTree()];
    await chown(join(second, "etc"), 12, 34);
    assert.deepEqual(await findTreeDifference(first, second), { path: "etc", why: "owner 0:0 and 12:34" });
  },
);

test("times are no difference, and of several the first in order is told", async () => {
  const [first, second] = [await makeTree(), await makeTree()];
  await utimes(join(second, "zz"), 1, 1);
  assert.equal(await findTreeDifference(first, second), undefined);
  await writeFile(join(second, "zz"), "other");
  await writeFile(join(second, "etc/hostname"), "other");
  assert.equal((await findTreeDifference(first, second))?.path, "etc/hostname");
});
