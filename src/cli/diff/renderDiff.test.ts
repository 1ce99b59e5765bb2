import assert from "node:assert/strict";
import { test } from "node:test";

import stringWidth from "string-width";

import { compareReleases } from "#release/compareReleases.ts";
import type { ReleaseDiff } from "#release/comparison/releaseDiff.ts";
import { newer, older, type SampleRelease } from "#release/comparison/sampleReleases.fixture.ts";
import { toComparedRelease } from "#release/comparison/toComparedRelease.ts";

import { plainPaint } from "../paint.ts";
import { type DiffView, renderDiff, renderHeadline } from "./renderDiff.ts";

const view: DiffView = {
  paint: plainPaint,
  marks: { ok: "✓", warning: "!" },
  width: 80,
  withFiles: false,
};

function compare(a: SampleRelease, b: SampleRelease): ReleaseDiff {
  const toNamed = (name: string, { manifest, contents }: SampleRelease) => {
    return { name, system: toComparedRelease(manifest, { contents }) };
  };
  return compareReleases(toNamed("out/a", a), toNamed("out/b", b));
}

const GOLDEN = `~ edge 1.0 → 1.1:
  differ in 6 packages, 6 files, 3 units · 3 CVEs fixed · 7 to look at (!)

Packages   3 upgraded, 1 downgraded, 1 added, 1 removed
  ~ libssl3t64  3.5.1-1 → 3.5.4-1~deb13u2  upgraded
  ~ linux-image-6.12.118+deb13-cloud-amd64
      6.12.117-1 (linux-image-6.12.117+deb13-cloud-amd64) → 6.12.118-1  upgraded
  ~ openssl     3.5.1-1 → 3.5.4-1~deb13u2  upgraded
  ! zstd        1.5.7-2 → 1.5.6-1          downgraded
  + chrony      4.6.1-3                    added
  - nano        8.4-1                      removed

Security   3 CVEs fixed, by Debian's changelogs, 1 lost again
  ! zstd     1.5.7-2 → 1.5.6-1          1 CVE lost
      CVE-2026-1111
  + openssl  3.5.1-1 → 3.5.4-1~deb13u2  3 CVEs fixed
      CVE-2025-12345 CVE-2026-9999 CVE-2026-12340

Units      1 changed, 1 added, 1 removed
  ~ nginx.service              disabled → enabled  changed
  + chrony.service             enabled             added
  - systemd-timesyncd.service  enabled             removed

Ports      1 added (by unit files; programs may open others by themselves)
  ! tcp *:22  ssh.socket  new

Privileged 1 added, 1 removed: set-user-ID, set-group-ID, capabilities
  ! /usr/bin/newgrp  set-user-ID (4755 0:0)     new
  - /usr/bin/ping    cap_net_raw=ep (0755 0:0)  removed

Files      4 changed, 1 added, 1 removed; in all 30 B → 41 B · all of them:
           --files
    /usr/bin/  3 changed, 1 added, 1 removed
    /usr/lib/  1 changed

Kernel     another version, another command line
  ~ version
      6.12.117+deb13-cloud-amd64 → 6.12.118+deb13-cloud-amd64  changed
  + lockdown=integrity    added
  - quiet                 removed

Properties 7 changed, 3 of them weaker
  ~ definitionDigest  25d74655da82 → 20b7751c226d     changed
  ! executionControl  signed → off                    weaker
  ~ level             sealed → semi                   changed
  ~ lockDigest        7235a27f8511 → bc8dd1f14f2c     changed
  ! policies.etc      rendered → overlay              weaker
  ! policies.var      persistent-noexec → persistent  weaker
  ~ rootHash          a2a36d0fc83b → bdab155b40b3     changed

Size       root 352.0 MB → 360.7 MB (+8.7 MB)
  ~ root         352.0 MB → 360.7 MB                      +8.7 MB
  ~ verity       2.8 MB                                   other bytes
  ~ uki          32.9 MB                                  other bytes
  ~ root slot    55.9 % of 629.1 MB → 57.3 % of 629.1 MB  filled
    verity slot  44.3 % of 6.3 MB                         unchanged
`;

test("a person reads what it comes to, then what differs, in 80 columns", () => {
  const text = renderDiff(compare(older, newer), view);
  assert.equal(text, GOLDEN);
  for (const line of text.split("\n")) assert.ok(stringWidth(line) <= 80, line);
});

test("with --files every file is there, with what is different about it", () => {
  const text = renderDiff(compare(older, newer), { ...view, withFiles: true });
  const [, files = ""] = /^(Files .*?)\n\n/ms.exec(text) ?? [];
  assert.equal(
    files,
    `Files      4 changed, 1 added, 1 removed; in all 30 B → 41 B
  ~ /usr/bin/editor      nano → vi                         target
  ~ /usr/bin/openssl     13 B → 22 B                       content, size
  ~ /usr/bin/ping        cap_net_raw=ep → no capabilities  capabilities
  ~ /usr/lib/os-release  0644 → 0640                       content, mode
  + /usr/bin/newgrp      6 B 4755 0:0                      added
  - /usr/bin/nano        4 B 0755 0:0                      removed`,
  );
});

test("of a file that differs in nothing but its content, the digests are shown", () => {
  const files = older.contents.files.map((file) =>
    file.path === "/usr/bin/nano" ? { ...file, sha256: "0123456789abcdef".repeat(4) } : file,
  );
  const { rootHash: _otherwiseEqual, ...manifest } = older.manifest;
  const [a, b] = [older, { manifest, contents: { ...older.contents, files } }];
  const text = renderDiff(compare(a, b), { ...view, withFiles: true });
  assert.match(text, /^ {2}~ \/usr\/bin\/nano {2}[0-9a-f]{12} → 0123456789ab {2}content$/m);
});

test("of two that are the same only that is said, and why one can know", () => {
  assert.equal(
    renderDiff(compare(older, older), view),
    `✓ edge 1.0 (release out/a) → edge 1.0 (release out/b): the same, by root hash

The root hash is the same: packages and files of the two are equal by proof, and
  were not looked at.
`,
  );
});

test("with -q the first line is all", () => {
  assert.equal(
    renderHeadline(compare(older, older), view),
    "✓ edge 1.0 (release out/a) → edge 1.0 (release out/b): the same, by root hash",
  );
});

test("a name from an image cannot write on the terminal", () => {
  const contents = {
    ...newer.contents,
    packages: [{ ...newer.contents.packages[0]!, name: "\u001b[2J\nopenssl\u202E" }],
  };
  const text = renderDiff(compare(older, { ...newer, contents }), { ...view, withFiles: true });
  assert.match(text, /\+ \\u\{1b\}\[2J\\u\{a\}openssl\\u\{202e\}/);
  // oxlint-disable-next-line no-control-regex -- that there are none is the test
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
});

test("of a kernel's hundreds of fixes a terminal shows a few lines, and how many it leaves out", () => {
  const cves = Array.from({ length: 300 }, (_, index) => `CVE-2026-${10_000 + index}`);
  const fixes = { openssl: [{ version: "3.5.4-1~deb13u2", cves }] };
  const text = renderDiff(compare(older, { ...newer, contents: { ...newer.contents, fixes } }), view);
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.includes("300 CVEs fixed") && line.startsWith("  +"));
  assert.equal(
    lines.slice(start + 1).findIndex((line) => line.startsWith("      and ")),
    3,
  );
  const shown = text.match(/CVE-2026-\d+/g)?.length ?? 0;
  assert.match(text, new RegExp(`and ${300 - shown + 1} more: -o json or --html`)); // one is lost, in zstd
});
