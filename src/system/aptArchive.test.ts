import assert from "node:assert/strict";
import { test } from "node:test";

import { parseSha256 } from "#release/sha256.ts";

import { findMirrors, parsePrintedUris, refuseMirrors, type AptMirrors } from "./aptArchive.ts";

const MIRRORS: AptMirrors = {
  debian: "http://mirror.example/debian",
  "debian-security": "http://mirror.example/debian-security",
};
const SHA = "2f".repeat(32);

function line(uri: string, file: string): string {
  return `'${uri}' ${file} 1500792 SHA256:${SHA}`;
}

test("apt's list becomes locked packages, by name, of both archives, decoded", () => {
  const text = [
    "Reading package lists...",
    line(
      "http://mirror.example/debian/pool/main/g/gcc-14/libstdc%2b%2b6_14.2.0-19_amd64.deb",
      "libstdc++6_14.2.0-19_amd64.deb",
    ),
    line(
      "http://mirror.example/debian-security/pool/updates/main/a/apt/apt_3.0.4_amd64.deb",
      "apt_1%3a3.0.4_amd64.deb",
    ),
    "",
  ].join("\n");
  const shared = { architecture: "amd64", sizeBytes: 1_500_792, sha256: parseSha256(SHA) };
  assert.deepEqual(parsePrintedUris(text, MIRRORS), [
    {
      ...shared,
      name: "apt",
      version: "1:3.0.4",
      archive: "debian-security",
      path: "pool/updates/main/a/apt/apt_3.0.4_amd64.deb",
    },
    {
      ...shared,
      name: "libstdc++6",
      version: "14.2.0-19",
      archive: "debian",
      path: "pool/main/g/gcc-14/libstdc++6_14.2.0-19_amd64.deb",
    },
  ]);
});

test("no mirror's address is in what is locked", () => {
  const text = line("http://mirror.example/debian/pool/main/b/bash/bash_5_amd64.deb", "bash_5_amd64.deb");
  assert.doesNotMatch(JSON.stringify(parsePrintedUris(text, MIRRORS)), /mirror\.example/);
});

test("a package from a source that was not asked for is refused", () => {
  const text = line("http://elsewhere.example/pool/main/b/bash/bash_5_amd64.deb", "bash_5_amd64.deb");
  assert.throws(
    () => parsePrintedUris(text, MIRRORS),
    /apt names "http:\/\/elsewhere\.example.*on none of the mirrors/,
  );
});

test("mirrors named in the environment are taken as they are, without their last slash", async () => {
  const names = ["SOCLE_MIRROR", "SOCLE_SECURITY_MIRROR"];
  const before = names.map((name) => process.env[name]);
  process.env["SOCLE_MIRROR"] = "file:/srv/pool//";
  delete process.env["SOCLE_SECURITY_MIRROR"];
  try {
    assert.deepEqual(await findMirrors(), { debian: "file:/srv/pool", "debian-security": undefined });
  } finally {
    for (const [index, name] of names.entries()) {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test("where the network is not to be used there is no mirror", async () => {
  await assert.rejects(refuseMirrors(), { code: "no-mirror" });
});
