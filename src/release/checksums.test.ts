import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import fc from "fast-check";

import { decodeChecksums, encodeChecksums } from "./checksums.ts";
import type { Checksum } from "./checksums.ts";
import { ReleaseError } from "./releaseError.ts";
import { parseSha256 } from "./sha256.ts";

const A = parseSha256("a".repeat(64));
const digestOf = (text: string) => parseSha256(createHash("sha256").update(text).digest("hex"));

test("lines are sorted by name", () => {
  assert.equal(
    encodeChecksums([
      { name: "b.efi", sha256: A },
      { name: "a.raw", sha256: A },
    ]),
    `${A}  a.raw\n${A}  b.efi\n`,
  );
});

const anyChecksums = fc.uniqueArray(
  fc.record(
    {
      name: fc.string({ minLength: 1 }).filter((name) => !/[/\\\n\r\0]|^\.{1,2}$/.test(name)),
      sha256: fc.string().map(digestOf),
    },
    { noNullPrototype: true },
  ),
  { selector: ({ name }) => name },
);
test("every list is read back, in order of name", () => {
  fc.assert(
    fc.property(anyChecksums, (checksums: Checksum[]) => {
      const text = encodeChecksums(checksums);
      assert.deepEqual(new Set(decodeChecksums(text)), new Set(checksums));
      assert.equal(encodeChecksums(decodeChecksums(text)), text);
    }),
  );
});

test("the list of sha256sum's binary mode is read", () => {
  assert.deepEqual(decodeChecksums(`${A} *a.raw\n`), [{ name: "a.raw", sha256: A }]);
});

for (const [what, text] of [
  ["a cut list", `${A}  a.raw`],
  ["a short digest", "abc  a.raw\n"],
  ["an upper-case digest", `${A.toUpperCase()}  a.raw\n`],
  ["a name in another folder", `${A}  ../a.raw\n`],
  ["an escaped name", `\\${A}  a\\nb\n`],
  ["a name twice", `${A}  a\n${A}  a\n`],
  ["an empty line", `\n`],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => decodeChecksums(text),
      (error) => error instanceof ReleaseError && error.code === "checksums-malformed",
    );
  });
}

test("a name that could not be read back is not written", () => {
  for (const name of ["", "a/b", "a\nb", ".."])
    assert.throws(() => encodeChecksums([{ name, sha256: A }]), ReleaseError);
});

test("sha256sum accepts the list, and refuses it when a file has changed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "checksums-"));
  try {
    const files = { "minimal_1.0.0.efi": "kernel", "minimal_1.0.0.raw": "disk" };
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const input = encodeChecksums(
      Object.entries(files).map(([name, content]) => ({ name, sha256: digestOf(content) })),
    );
    const check = () =>
      spawnSync("sha256sum", ["--check", "--strict"], { cwd: folder, input, encoding: "utf8" });
    assert.equal(check().status, 0, check().stderr);
    await writeFile(join(folder, "minimal_1.0.0.raw"), "Disk");
    assert.equal(check().status, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
