import assert from "node:assert/strict";
import { test } from "node:test";

import type { LockedPackage } from "#release/lock.ts";
import { parseSha256 } from "#release/sha256.ts";

import { toDownloadError } from "./downloadPackages.ts";
import { CommandError } from "./runCommand.ts";

const SHA = "2f".repeat(32);

const BASH: LockedPackage = {
  name: "bash",
  version: "5.2",
  architecture: "amd64",
  archive: "debian",
  path: "pool/main/b/bash/bash_5.2_amd64.deb",
  sizeBytes: 1,
  sha256: parseSha256(SHA),
};
const CXX: LockedPackage = {
  ...BASH,
  name: "libstdc++6",
  version: "14",
  path: "pool/main/g/gcc-14/libstdc++6_14_amd64.deb",
};
const DASH: LockedPackage = {
  ...BASH,
  name: "dash",
  version: "0.5",
  path: "pool/main/d/dash/dash_0.5_amd64.deb",
};

function failed(path: string, reason: string): string {
  return `E: Failed to fetch http://mirror.example/debian/${path}  ${reason}`;
}

const DOWNLOADS: readonly (readonly [failures: readonly string[], code: string, message: RegExp])[] = [
  [[failed(BASH.path, "Hash Sum mismatch")], "wrong-hash", /^Refused bash 5\.2: /],
  [
    [failed("pool/main/g/gcc-14/libstdc%2B%2B6_14_amd64.deb", "Hash Sum mismatch")],
    "wrong-hash",
    /^Refused libstdc\+\+6 14: /,
  ],
  [
    [failed(DASH.path, "File has unexpected size (2 != 1). Mirror sync in progress?")],
    "wrong-hash",
    /^Refused dash 0\.5: /,
  ],
  [
    [
      failed(DASH.path, "404  Not Found [IP: 192.0.2.1 80]"),
      failed(BASH.path, "410  Gone [IP: 192.0.2.1 80]"),
    ],
    "package-gone",
    /^Cannot download bash 5\.2, dash 0\.5: not on the mirror/,
  ],
  [
    [failed(BASH.path, "404  Not Found"), failed(DASH.path, "Hash Sum mismatch")],
    "wrong-hash",
    /^Refused dash 0\.5: /,
  ],
  [
    [failed(BASH.path, "File not found - /pool (2: No such file or directory)")],
    "package-gone",
    /^Cannot download bash 5\.2: /,
  ],
  [
    [failed(BASH.path, "Could not connect to 192.0.2.1:80")],
    "mirror-failed",
    /^Cannot download bash 5\.2: the mirror failed$/,
  ],
  [["E: Download Failed"], "mirror-failed", /^Cannot download a package: the mirror failed$/],
];

for (const [failures, code, message] of DOWNLOADS) {
  test(`a download that ends with "${failures.join("; ").replaceAll(/http\S*\//g, "")}" is ${code} and names what it hit`, () => {
    const command = new CommandError("command-failed", "apt-helper failed", {
      outputTail: failures.join("\n"),
    });
    const error = toDownloadError(command, failures, [BASH, CXX, DASH]);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(error.hint !== undefined);
    assert.equal(error.cause, command);
  });
}
