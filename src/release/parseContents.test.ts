import assert from "node:assert/strict";
import { test } from "node:test";

import type { ReleaseContents } from "./contents.ts";
import { encodeContents, parseContents } from "./parseContents.ts";
import { ReleaseError } from "./releaseError.ts";

const A = "a".repeat(64);
const owner = { uid: 0, gid: 0 };
const EXAMPLE: ReleaseContents = {
  apiVersion: "socle/v1",
  kind: "ReleaseContents",
  id: "minimal",
  version: "1.0",
  packages: [
    {
      name: "bash",
      version: "5.2.37-2+b10",
      architecture: "amd64",
      source: "bash",
      sourceVersion: "5.2.37-2",
      licences: ["GPL-3.0-or-later"],
    },
    { name: "tzdata", version: "1", architecture: "all", source: "tzdata", sourceVersion: "1", licences: [] },
  ],
  files: [
    { path: "/", type: "directory", mode: 0o755, ...owner },
    { path: "/bin", type: "symlink", mode: 0o777, ...owner, target: "usr/bin" },
    {
      path: "/usr/bin/a\nb",
      type: "file",
      mode: 0o4755,
      ...owner,
      sizeBytes: 1,
      sha256: A,
      capabilities: "0100",
    },
  ],
  units: [{ name: "ssh.socket", state: "enabled" }],
  listeners: [{ unit: "ssh.socket", protocol: "tcp", port: 22, address: "*" }],
  fixes: { bash: [{ version: "5.2-1", cves: ["CVE-2014-6271"] }], tzdata: [] },
};
const [FOLDER, LINK, FILE] = EXAMPLE.files;

test("contents are read back as they were written", () => {
  assert.deepEqual(parseContents(encodeContents(EXAMPLE)), EXAMPLE);
  const empty = { ...EXAMPLE, packages: [], files: [], units: [], listeners: [], fixes: {} };
  assert.deepEqual(parseContents(encodeContents(empty)), empty);
});

test("each entry has its line, and the order of entries and keys makes no difference", () => {
  const text = encodeContents(EXAMPLE);
  assert.ok(text.includes('\n    {"path":"/","type":"directory","mode":493,"uid":0,"gid":0},\n'));
  const shuffled = {
    ...Object.fromEntries(Object.entries(EXAMPLE).toReversed()),
    packages: EXAMPLE.packages.toReversed(),
    files: EXAMPLE.files.map((file) => Object.fromEntries(Object.entries(file).toReversed())).toReversed(),
    fixes: { tzdata: [], bash: EXAMPLE.fixes["bash"] },
  };
  assert.equal(encodeContents(shuffled as unknown as ReleaseContents), text); // the same entries
});

test("what is not part of the form is not written", () => {
  const more = { ...EXAMPLE, files: EXAMPLE.files.map((file) => ({ ...file, text: "x", package: 3 })) };
  assert.equal(encodeContents(more), encodeContents(EXAMPLE));
});

for (const [what, value, message] of [
  ["a later form", { ...EXAMPLE, apiVersion: "socle/v2" }, /apiVersion/],
  ["an unknown key", { ...EXAMPLE, host: "x" }, /host/],
  ["a relative path", { ...EXAMPLE, files: [{ ...FOLDER, path: "etc" }] }, /absolute path/],
  ["a path twice", { ...EXAMPLE, files: [FOLDER, FOLDER] }, /"\/" is there twice/],
  ["paths out of order", { ...EXAMPLE, files: [LINK, FOLDER] }, /not in order/],
  ["a mode with bits of the type", { ...EXAMPLE, files: [{ ...FOLDER, mode: 0o40755 }] }, /mode/],
  ["a file without a hash", { ...EXAMPLE, files: [{ ...FILE, sha256: undefined }] }, /belong to a file/],
  ["a folder with a size", { ...EXAMPLE, files: [{ ...FOLDER, sizeBytes: 1 }] }, /belong to a file/],
  [
    "a symlink without a target",
    { ...EXAMPLE, files: [{ ...LINK, target: undefined }] },
    /belongs to a symlink/,
  ],
  ["a port that is none", { ...EXAMPLE, listeners: [{ ...EXAMPLE.listeners[0], port: 0 }] }, /port/],
  ["an unknown state", { ...EXAMPLE, units: [{ name: "a.service", state: "odd" }] }, /state/],
  [
    "a CVE that is none",
    { ...EXAMPLE, fixes: { a: [{ version: "1", cves: ["CVE-1"] }] } },
    /CVE-YEAR-NUMBER/,
  ],
] as const) {
  test(`${what} is refused`, () => assertRefused(JSON.stringify(value), message));
}

test("a text that is not JSON is refused", () => assertRefused("{", /not JSON/));

function assertRefused(text: string, message: RegExp): void {
  assert.throws(
    () => parseContents(text),
    (error) =>
      error instanceof ReleaseError && error.code === "contents-malformed" && message.test(error.message),
  );
}
