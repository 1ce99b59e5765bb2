import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

import fc from "fast-check";

import { decodePackageList, encodePackageList, parseDpkgStatus } from "./packages.ts";
import { ReleaseError } from "./releaseError.ts";

const STATUS = `Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Installed-Size: 13074
Maintainer: GNU Libc Maintainers <libc@example.org>
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.41-12
Description: GNU C Library
 Contains the standard libraries.
 .
 Package: not-a-package
Homepage: https://www.gnu.org/software/libc/libc.html

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: all

Package: bash
Status: hold ok installed
Architecture: amd64
Source: bash (5.2.37-2)
Version: 5.2.37-2+b5
`;

test("installed packages are read from dpkg's status, sorted, removed ones left out", () => {
  assert.deepEqual(parseDpkgStatus(STATUS), [
    {
      name: "bash",
      version: "5.2.37-2+b5",
      architecture: "amd64",
      source: "bash",
      sourceVersion: "5.2.37-2",
      maintainer: "",
      section: "",
      installedSizeKiB: 0,
    },
    {
      name: "libc6",
      version: "2.41-12",
      architecture: "amd64",
      source: "glibc",
      sourceVersion: "2.41-12",
      maintainer: "GNU Libc Maintainers <libc@example.org>",
      section: "libs",
      installedSizeKiB: 13_074,
      homepage: "https://www.gnu.org/software/libc/libc.html",
    },
  ]);
});

test("the package list names the source's version only where it differs", () => {
  assert.equal(
    encodePackageList(parseDpkgStatus(STATUS)),
    "bash\t5.2.37-2+b5\tamd64\tbash (5.2.37-2)\nlibc6\t2.41-12\tamd64\tglibc\n",
  );
});

const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.~:-]{0,9}$/);
const anyEntry = fc.record(
  { name: word, version: word, architecture: word, source: word, sourceVersion: word },
  { noNullPrototype: true },
);
test("every package list is read back", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyEntry, { selector: ({ name, architecture }) => `${name}:${architecture}` }),
      (entries) => {
        const text = encodePackageList(entries);
        assert.deepEqual(new Set(decodePackageList(text)), new Set(entries));
        assert.equal(encodePackageList(decodePackageList(text)), text);
      },
    ),
  );
});

for (const text of [
  "bash\n",
  "bash\t1\tamd64\n",
  "bash\t1\tamd64\tbash\tmore\n",
  "bash\t\tamd64\tbash\n",
  "bash\t1\tamd64\tbash 2\n",
]) {
  test(`${JSON.stringify(text)} is refused as a package list`, () =>
    assert.throws(() => decodePackageList(text), ReleaseError));
}

test("a package without a version in dpkg's status is an error that names it", () => {
  assert.throws(() => parseDpkgStatus("Package: half\nStatus: install ok installed\n"), /"half"/);
});

const status = "/var/lib/dpkg/status";
test(
  "dpkg-query sees the same packages on this machine",
  { skip: !existsSync(status) && "not a Debian machine" },
  () => {
    const format =
      "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n";
    const { stdout } = spawnSync("dpkg-query", ["--show", "--showformat", format], { encoding: "utf8" });
    const wanted = stdout.split("\n").filter((line) => line.startsWith("installed\t"));
    const found = parseDpkgStatus(readFileSync(status, "utf8")).map((p) =>
      ["installed", p.name, p.version, p.architecture, p.source, p.sourceVersion].join("\t"),
    );
    assert.deepEqual(found.toSorted(), wanted.toSorted());
  },
);
