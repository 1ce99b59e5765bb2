import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import fc from "fast-check";

import {
  decodePeSections,
  PortableExecutableError,
  readPeSection,
  readPeText,
} from "./portableExecutable.ts";

const ALIGNMENT = 512;

/** The smallest file with these sections that a loader would call PE32+. */
function encodePe(sections: readonly [name: string, content: Buffer][]): Buffer {
  const headers = Buffer.alloc(1024);
  headers.write("MZ", 0);
  headers.writeUInt32LE(0x80, 0x3c);
  headers.write("PE\0\0", 0x80);
  headers.writeUInt16LE(0x8664, 0x84);
  headers.writeUInt16LE(sections.length, 0x86);
  headers.writeUInt16LE(112, 0x94);
  headers.writeUInt16LE(0x20b, 0x98);
  const parts = [headers];
  let at = headers.length;
  for (const [index, [name, content]] of sections.entries()) {
    const header = headers.subarray(0x98 + 112 + index * 40);
    const raw = Buffer.concat([content, Buffer.alloc(-content.length & (ALIGNMENT - 1), 0xcc)]);
    header.write(name, 0);
    header.writeUInt32LE(content.length, 8);
    header.writeUInt32LE(raw.length, 16);
    header.writeUInt32LE(at, 20);
    parts.push(raw);
    at += raw.length;
  }
  return Buffer.concat(parts);
}

const UKI = encodePe([
  [".linux", Buffer.from("a kernel")],
  [".osrel", Buffer.from("ID=minimal\n")],
  [".cmdline", Buffer.from("roothash=00 panic=3\0")],
  [".initrd", Buffer.alloc(600, 7)],
]);

test("the sections of a unified kernel image are listed in file order", () => {
  assert.deepEqual(decodePeSections(UKI)[3], {
    name: ".initrd",
    virtualSizeBytes: 600,
    fileOffsetBytes: 2560,
    rawSizeBytes: 1024,
  });
  assert.deepEqual(
    decodePeSections(UKI).map(({ name }) => name),
    [".linux", ".osrel", ".cmdline", ".initrd"],
  );
});

test("a section's content has no padding and a text no trailing NUL", () => {
  assert.equal(readPeSection(UKI, ".linux").toString(), "a kernel");
  assert.deepEqual(readPeSection(UKI, ".initrd"), Buffer.alloc(600, 7));
  assert.equal(readPeSection(UKI, ".cmdline").at(-1), 0);
  assert.equal(readPeText(UKI, ".cmdline"), "roothash=00 panic=3");
});

test("the beginning of the file is enough for the list", () => {
  assert.equal(decodePeSections(UKI.subarray(0, 1024)).length, 4);
  assertRefused(
    () => readPeSection(UKI.subarray(0, 1024), ".initrd"),
    "truncated",
    /wanted 600 more at 2560/,
  );
});

test("a missing section is named beside those that are there", () => {
  assertRefused(() => readPeSection(UKI, ".uname"), "no-section", /"\.uname".*"\.linux", "\.osrel"/);
});

const pe32 = Buffer.from(UKI);
pe32.writeUInt16LE(0x10b, 0x98);
const noSignature = Buffer.from(UKI);
noSignature.write("NE", 0x80);
for (const [what, bytes, code] of [
  ["an empty file", Buffer.alloc(0), "truncated"],
  ["a script", Buffer.from("#!/bin/sh\n"), "not-pe"],
  ["a DOS program", noSignature, "not-pe"],
  ["a 32-bit program", pe32, "not-pe"],
] as const) {
  test(`${what} is not taken for a portable executable`, () =>
    assertRefused(() => decodePeSections(bytes), code, /Cannot read/));
}

test("a file cut anywhere is read right or refused, never misread", () => {
  fc.assert(
    fc.property(fc.nat(UKI.length), (length) => {
      try {
        assert.deepEqual(readPeSection(UKI.subarray(0, length), ".initrd"), Buffer.alloc(600, 7));
      } catch (error) {
        assert.ok(error instanceof PortableExecutableError && error.code === "truncated");
      }
    }),
  );
});

const binutils = ["as", "ld", "objcopy"].every((tool) => spawnSync(tool, ["--version"]).status === 0);
test("a program made by binutils is read", { skip: !binutils && "binutils is not installed" }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "pe-"));
  try {
    const run = (command: string, ...args: string[]) => {
      const { status, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
      assert.equal(status, 0, `${command}: ${stderr}`);
    };
    await writeFile(join(folder, "stub.s"), ".globl _start\n_start: ret\n");
    await writeFile(join(folder, "cmdline"), "quiet ro\0");
    run("as", "-o", "stub.o", "stub.s");
    run("objcopy", "-O", "pe-x86-64", "stub.o", "stub.coff");
    run("ld", "-m", "i386pep", "--subsystem", "10", "-e", "_start", "-o", "stub.efi", "stub.coff");
    run(
      "objcopy",
      "--add-section",
      ".cmdline=cmdline",
      "--change-section-vma",
      ".cmdline=0x140100000",
      "stub.efi",
      "uki.efi",
    );
    const bytes = await readFile(join(folder, "uki.efi"));
    assert.equal(readPeText(bytes, ".cmdline"), "quiet ro");
    assert.equal(readPeSection(bytes, ".text").at(0), 0xc3); // ret
  } finally {
    await rm(folder, { recursive: true });
  }
});

function assertRefused(work: () => unknown, code: PortableExecutableError["code"], message: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof PortableExecutableError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}
