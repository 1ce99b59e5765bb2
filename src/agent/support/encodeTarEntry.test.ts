import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { encodeTarEntry, TAR_END } from "./encodeTarEntry.ts";

test("tar reads what is written, byte by byte and with its time", () => {
  const entries = [
    { path: "status.json", content: Buffer.from("{}\n"), modifiedMs: 1_769_000_000_000 },
    { path: "folder/blocks.bin", content: Buffer.alloc(1024, 7), modifiedMs: 1_769_000_001_999 },
    { path: "empty", content: Buffer.alloc(0), modifiedMs: 0 },
  ];
  const archive = Buffer.concat([...entries.map(encodeTarEntry), TAR_END]);
  const tar = (...words: string[]) =>
    execFileSync("tar", [...words, "-f", "-"], { input: archive, env: { ...process.env, TZ: "UTC" } });
  const list = tar("-tv", "--full-time", "--numeric-owner").toString().trim().split("\n");
  assert.deepEqual(
    list.map((line) => line.split(/\s+/)),
    [
      ["-rw-------", "0/0", "3", "2026-01-21", "12:53:20", "status.json"],
      ["-rw-------", "0/0", "1024", "2026-01-21", "12:53:21", "folder/blocks.bin"],
      ["-rw-------", "0/0", "0", "1970-01-01", "00:00:00", "empty"],
    ],
  );
  assert.deepEqual(tar("-xO", "folder/blocks.bin"), Buffer.alloc(1024, 7));
});

test("a name that does not fit is refused", () => {
  const entry = { content: Buffer.alloc(0), modifiedMs: 0 };
  assert.throws(() => encodeTarEntry({ ...entry, path: "x".repeat(101) }), RangeError);
  encodeTarEntry({ ...entry, path: "x".repeat(100) });
});
