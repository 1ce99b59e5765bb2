import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { ContentsFile } from "./contents.ts";
import { mergeLayers, type LayerEntry } from "./mergeLayers.ts";

const entry = (path: string, type: ContentsFile["type"], more: Partial<LayerEntry> = {}): LayerEntry => ({
  path,
  type,
  mode: 0o755,
  uid: 0,
  gid: 0,
  ...more,
});
const folder = (path: string, more?: Partial<LayerEntry>) => entry(path, "directory", more);
const file = (path: string, more?: Partial<LayerEntry>) => entry(path, "file", more);
const byCodeUnits = (a: string, b: string) => (a < b ? -1 : Number(a > b));
const pathsOf = (entries: readonly LayerEntry[]) => entries.map(({ path }) => path);

const LOWER = [
  folder("/"),
  folder("/etc"),
  file("/etc/motd"),
  folder("/home"),
  folder("/home/a"),
  file("/home/a/b"),
  file("/home-made"),
];

for (const [what, upper, shown] of [
  ["nothing", [], pathsOf(LOWER)],
  ["a new file", [folder("/etc"), file("/etc/hosts")], [...pathsOf(LOWER), "/etc/hosts"].sort()],
  [
    "a whiteout of a file",
    [entry("/etc/motd", "character-device", { overlay: "whiteout" })],
    pathsOf(LOWER).filter((path) => path !== "/etc/motd"),
  ],
  [
    "a whiteout of a folder",
    [entry("/home", "character-device", { overlay: "whiteout" })],
    ["/", "/etc", "/etc/motd", "/home-made"],
  ],
  [
    "an opaque folder",
    [folder("/home", { overlay: "opaque" }), file("/home/c")],
    ["/", "/etc", "/etc/motd", "/home", "/home-made", "/home/c"],
  ],
  [
    "a symlink over a folder",
    [entry("/home", "symlink", { target: "var/home" })],
    ["/", "/etc", "/etc/motd", "/home", "/home-made"],
  ],
  [
    "a whiteout of what was never there",
    [entry("/x", "character-device", { overlay: "whiteout" })],
    pathsOf(LOWER),
  ],
] as const) {
  test(`${what} laid over a tree shows what the kernel would show`, () => {
    assert.deepEqual(pathsOf(mergeLayers(LOWER, upper)), [...shown].toSorted(byCodeUnits));
  });
}

test("where both layers have an entry, mode and content are the upper one's", () => {
  const [, etc, motd] = mergeLayers(LOWER, [
    folder("/etc", { mode: 0o700 }),
    file("/etc/motd", { mode: 0o600 }),
  ]);
  assert.equal(etc?.mode, 0o700);
  assert.equal(motd?.mode, 0o600);
});

const anyPath = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
  .map((names) => `/${names.join("/")}`);
test("laying a layer over its own result changes nothing", () => {
  const anyEntries = fc.uniqueArray(anyPath).map((paths) => paths.map((path) => folder(path)));
  fc.assert(
    fc.property(anyEntries, anyEntries, (lower, upper) => {
      const merged = mergeLayers(lower, upper);
      assert.deepEqual(mergeLayers(merged, upper), merged);
      assert.deepEqual(new Set(pathsOf(merged)), new Set(pathsOf([...lower, ...upper])));
    }),
  );
});
