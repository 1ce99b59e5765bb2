import assert from "node:assert/strict";
import { test } from "node:test";

import { fixupSpdxId } from "@cyclonedx/cyclonedx-library/SPDX";

import { readLicences, toLicence } from "./licences.ts";

const id = (text: string) => ({ kind: "id", id: text }) as const;
const expression = (text: string) => ({ kind: "expression", expression: text }) as const;
const named = (text: string) => ({ kind: "named", name: text }) as const;

for (const [name, licence] of [
  ["Expat", id("MIT")],
  ["GPL-2", id("GPL-2.0-only")],
  ["GPL-2+", id("GPL-2.0-or-later")],
  ["GPL-2.0+", id("GPL-2.0-or-later")],
  ["LGPL-2.1+", id("LGPL-2.1-or-later")],
  ["AGPL-3", id("AGPL-3.0-only")],
  ["GFDL-1.3", id("GFDL-1.3-only")],
  ["GFDL-NIV-1.3+", id("GFDL-1.3-no-invariants-or-later")],
  ["BSD-3-clause", id("BSD-3-Clause")],
  ["zlib", id("Zlib")],
  ["ISC", id("ISC")],
  ["Apache-2.0", id("Apache-2.0")],
  ["GPL-2+ or Artistic", expression("GPL-2.0-or-later OR Artistic-1.0")],
  ["GPL-2+ and Expat", expression("GPL-2.0-or-later AND MIT")],
  [
    "GPL-2+ or Artistic-2.0, and BSD-3-clause",
    expression("(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause"),
  ],
  ["Expat or ISC and zlib", expression("MIT OR (ISC AND Zlib)")],
  ["Perl", expression("Artistic-1.0-Perl OR GPL-1.0-or-later")],
  ["GPL-3+ with Bison exception", expression("GPL-3.0-or-later WITH Bison-exception-2.2")],
  [
    "GPL-2 with Linux-syscall-note exception or Expat",
    expression("GPL-2.0-only WITH Linux-syscall-note OR MIT"),
  ],
  ["public-domain", named("public-domain")],
  ["GPL-2+ with OpenSSL exception", named("GPL-2+ with OpenSSL exception")],
  ["GPL-2+ or something-else", named("GPL-2+ or something-else")],
  ["GPL-9", named("GPL-9")],
] as const) {
  test(`the Debian licence name "${name}" is ${Object.values(licence).join(" ")}`, () => {
    assert.deepEqual(toLicence(name, fixupSpdxId), licence);
  });
}

const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: example
License: everything

Files: *
Copyright: 2020 Somebody
License: GPL-2+

Files: lib/*
 man/*
Copyright: 2021 Somebody
License: Expat
 The text, here and now.
 .
 License: not this

Files: doc/*
License: MIT

License: GPL-2+
 On Debian systems, see the file.
`;

test("licences come from the paragraphs about files, sorted, each once", () => {
  assert.deepEqual(readLicences(COPYRIGHT, fixupSpdxId), [id("MIT"), id("GPL-2.0-or-later")]);
});

test("a free-form copyright file says nothing", () => {
  assert.deepEqual(readLicences("This is free software.\n\nLicense: GPL-2\n", fixupSpdxId), []);
  assert.deepEqual(readLicences("", fixupSpdxId), []);
});
