import assert from "node:assert/strict";
import { test } from "node:test";

import { readSecurityFixes } from "./changelog.ts";

const OPENSSL = `openssl (3.5.7-1~deb13u3) trixie-security; urgency=medium

  * CVE-2026-84782 ("DTLS Retransmits Handshake Messages From a Stale Buffer
    Offset")
  * CVE-2026-42772 and CVE-2026-54873 ("improved QUIC
    stream reassembly implementation"). Again: CVE-2026-42772.

 -- Somebody <somebody@example.org>  Tue, 29 Sep 2026 22:10:28 +0200

openssl (3.5.7-1~deb13u2) trixie; urgency=medium

  * Nothing about security; not a heading: openssl (1.0) trixie; urgency=low

 -- Somebody <somebody@example.org>  Mon, 28 Sep 2026 22:10:28 +0200

openssl (1:3.5.6+dfsg-1+b1) unstable experimental; urgency=high, binary-only=yes

  - Fixes (CVE-2025-12345678).

 -- Somebody <somebody@example.org>  Sun, 27 Sep 2026 22:10:28 +0200
`;

test("each version is read with the CVEs it names, newest first, each CVE once and sorted", () => {
  assert.deepEqual(readSecurityFixes(OPENSSL), [
    { version: "3.5.7-1~deb13u3", cves: ["CVE-2026-42772", "CVE-2026-54873", "CVE-2026-84782"] },
    { version: "1:3.5.6+dfsg-1+b1", cves: ["CVE-2025-12345678"] },
  ]);
});

test("a changelog without CVEs is known to have none", () => {
  assert.deepEqual(readSecurityFixes("a (1) sid; urgency=low\n\n  * New.\n\n -- A <a@b.c>  x\n"), []);
});

for (const [what, text] of [
  ["an empty text", ""],
  ["upstream's own news", "Release 2026f\n\nCVE-2026-1234 was fixed.\n\na (1) sid; urgency=low\n"],
] as const) {
  test(`${what} is no Debian changelog`, () => assert.equal(readSecurityFixes(text), undefined));
}

test("what only looks like a CVE number is none", () => {
  const text = "a (1) sid; urgency=low\n\n  * CVE-2026-123, XCVE-2026-1234, CVE-26-1234, CVE-2026-1234a\n";
  assert.deepEqual(readSecurityFixes(text), []);
});
