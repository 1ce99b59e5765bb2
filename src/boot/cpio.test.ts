import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import fc from "fast-check";

import { CpioError, encodeCpio } from "./cpio.ts";
import type { CpioEntry } from "./cpio.ts";

const MTIME = 1_700_000_000;
const INITRD: readonly CpioEntry[] = [
  { path: "init", kind: "symlink", target: "usr/bin/busybox" },
  { path: "usr/bin/busybox", kind: "file", content: Buffer.from("program"), mode: 0o755 },
  { path: "usr/bin", kind: "directory" },
  { path: "usr", kind: "directory" },
  { path: "dev", kind: "directory" },
  { path: "dev/console", kind: "device", device: "character", major: 5, minor: 1 },
  { path: "etc", kind: "directory", mode: 0o700, uid: 1, gid: 2 },
];

interface Decoded {
  path: string;
  numbers: number[];
  content: string;
}

/** Written from the format's description, not from the encoder. */
function decode(archive: Buffer): Decoded[] {
  const found: Decoded[] = [];
  for (let at = 0; ;) {
    assert.equal(archive.toString("latin1", at, at + 6), "070701");
    const numbers = Array.from({ length: 13 }, (_, i) =>
      Number.parseInt(archive.toString("latin1", at + 6 + 8 * i, at + 14 + 8 * i), 16),
    );
    const [fileBytes, nameBytes] = [numbers[6]!, numbers[11]!];
    const path = archive.toString("utf8", at + 110, at + 110 + nameBytes - 1);
    const contentAt = Math.ceil((at + 110 + nameBytes) / 4) * 4;
    at = Math.ceil((contentAt + fileBytes) / 4) * 4;
    if (path === "TRAILER!!!") {
      assert.ok(archive.subarray(at).every((byte) => byte === 0));
      return found;
    }
    found.push({ path, numbers, content: archive.toString("utf8", contentAt, contentAt + fileBytes) });
  }
}

test("parents come first, inodes count from one, every field is where the kernel reads it", () => {
  const decoded = decode(encodeCpio(INITRD, MTIME));
  assert.deepEqual(
    decoded.map(({ path, numbers: [inode, mode, uid, gid, links, mtime, , , , major, minor], content }) => [
      path,
      inode,
      mode!.toString(8),
      uid,
      gid,
      links,
      mtime,
      major,
      minor,
      content,
    ]),
    [
      ["dev", 1, "40755", 0, 0, 2, MTIME, 0, 0, ""],
      ["dev/console", 2, "20600", 0, 0, 1, MTIME, 5, 1, ""],
      ["etc", 3, "40700", 1, 2, 2, MTIME, 0, 0, ""],
      ["init", 4, "120777", 0, 0, 1, MTIME, 0, 0, "usr/bin/busybox"],
      ["usr", 5, "40755", 0, 0, 2, MTIME, 0, 0, ""],
      ["usr/bin", 6, "40755", 0, 0, 2, MTIME, 0, 0, ""],
      ["usr/bin/busybox", 7, "100755", 0, 0, 1, MTIME, 0, 0, "program"],
    ],
  );
});

test("the order in which entries are given makes no difference", () => {
  const archive = encodeCpio(INITRD, MTIME);
  assert.equal(archive.length % 512, 0);
  fc.assert(
    fc.property(fc.shuffledSubarray([...INITRD], { minLength: INITRD.length }), (entries) => {
      assert.deepEqual(encodeCpio(entries, MTIME), archive);
    }),
  );
});

test("contents of every length are read back", () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.stringMatching(/^[a-zé0-9._-]{1,9}$/).filter((name) => !/^\.+$/.test(name)),
        fc.string({ maxLength: 20 }),
      ),
      (files) => {
        const entries = Object.entries(files).map(([path, content]): CpioEntry => ({
          path,
          kind: "file",
          content: Buffer.from(content),
        }));
        const decoded = decode(encodeCpio(entries, MTIME)).map(({ path, content }) => [path, content]);
        assert.deepEqual(Object.fromEntries(decoded), { ...files });
      },
    ),
  );
});

for (const [what, entries, code] of [
  [
    "a file whose directory is missing",
    [{ path: "a/b", kind: "file", content: Buffer.alloc(0) }],
    "parent-missing",
  ],
  [
    "a file below a file",
    [
      { path: "a", kind: "symlink", target: "b" },
      { path: "a/b", kind: "directory" },
    ],
    "parent-missing",
  ],
  [
    "a path twice",
    [
      { path: "a", kind: "directory" },
      { path: "a", kind: "directory" },
    ],
    "path-twice",
  ],
  ["an absolute path", [{ path: "/a", kind: "directory" }], "path-malformed"],
  ["a way out", [{ path: "..", kind: "directory" }], "path-malformed"],
  ["a negative owner", [{ path: "a", kind: "directory", uid: -1 }], "too-large"],
] as const satisfies [string, CpioEntry[], string][]) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => encodeCpio(entries, MTIME),
      (error) => error instanceof CpioError && error.code === code,
    );
  });
}

const hasCpio = spawnSync("cpio", ["--version"]).status === 0;
test("cpio lists what was written", { skip: !hasCpio && "cpio is not installed" }, () => {
  const { status, stdout, stderr } = spawnSync("cpio", ["-tv", "--numeric-uid-gid"], {
    input: encodeCpio(INITRD, MTIME),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, INITRD.length);
  assert.match(lines[1]!, /^crw------- +1 0 +0 +5, +1 .* dev\/console$/);
  assert.match(lines[2]!, /^drwx------ +2 1 +2 .* etc$/);
  assert.match(lines[3]!, /^lrwxrwxrwx .* init -> usr\/bin\/busybox$/);
  assert.match(lines[6]!, /^-rwxr-xr-x .* 7 .* usr\/bin\/busybox$/);
});
