import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { LIST_LAYER, type InventoryEntry } from "#image/listLayer.ts";
import { mergeLayers } from "#release/mergeLayers.ts";
import { findIsolation } from "#system/isolation.ts";
import { ToolsTree } from "#system/toolsTree.ts";

import { CLONE } from "./workspace.ts";

const tools = new ToolsTree(
  await readFile(join(CLONE, ".socle/tools/current"), "utf8"),
  await findIsolation(),
);
const folder = await mkdtemp(join(tmpdir(), "socle-layers-"));
after(() => rm(folder, { recursive: true }));

// $1 a folder, $2 the program. Whatever an overlay can be asked to do with what lies below it.
const CHANGE = `
cd "$1"; mkdir lower upper work merged
umask 022
mkdir -p lower/etc/a/b lower/gone/deep lower/new/old lower/usr lower/var/lib lower/boot
for path in etc/a/b/c etc/kept etc/removed gone/deep/file new/old/file usr/changed usr/mode usr/moved var/lib/file boot/kernel
do echo "$path" > "lower/$path"; done
ln -s kept lower/etc/link; mkfifo lower/etc/pipe; echo x > "$(printf 'lower/etc/line\\nbreak and \\304')"
mount -t overlay overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work merged
cd merged
rm etc/removed; rm -r gone; rm -r new; mkdir new; echo made > new/made
rm -r etc/a; ln -s usr etc/a
echo more >> usr/changed; chmod 4711 usr/mode; chown 7:8 usr/mode; mv usr/moved usr/here; ln usr/here usr/there
rm etc/link; mkdir etc/link; rm etc/pipe
mkdir -m 1777 shared; chmod 700 etc; rm -r var/lib; echo x > boot/second
python3 -c 'import os; os.setxattr("usr/changed", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))'
cd ..
for layer in lower upper merged; do python3 -I -S -c "$2" "$PWD/$layer" "^/usr/(here|mode)$" > $layer.json; done
umount merged
`;

test("the two layers of an overlay come to what the kernel shows of them", async () => {
  await tools.runScript(CHANGE, [folder, LIST_LAYER], { folders: [folder] });
  const [lower, upper, merged] = await Promise.all(
    ["lower", "upper", "merged"].map(
      async (layer) => JSON.parse(await readFile(join(folder, `${layer}.json`), "utf8")) as InventoryEntry[],
    ),
  );
  const overlays = upper?.flatMap(({ path, overlay }) =>
    overlay === undefined ? [] : [`${path} ${overlay}`],
  );
  assert.deepEqual(overlays?.sort(), [
    "/etc/link opaque",
    "/etc/pipe whiteout",
    "/etc/removed whiteout",
    "/gone whiteout",
    "/new opaque",
    "/usr/moved whiteout",
  ]);
  const shown = mergeLayers(lower ?? [], upper ?? []).map((entry) => ({ ...entry, overlay: undefined }));
  const byPath = (a: InventoryEntry, b: InventoryEntry) => (a.path < b.path ? -1 : 1);
  assert.deepEqual(
    shown,
    merged?.toSorted(byPath).map((entry) => ({ ...entry, overlay: undefined })),
  );
  const changed = shown.find(({ path }) => path === "/usr/changed");
  assert.equal(changed?.capabilities, "0100000200200000000000000000000000000000");
  assert.equal(shown.find(({ path }) => path === "/usr/here")?.text, "usr/moved\n");
  assert.ok(shown.some(({ path }) => path === "/etc/line\nbreak and \\xc4"));
  assert.ok(!shown.some(({ path }) => path.startsWith("/var/") || path.startsWith("/boot/")));
});
