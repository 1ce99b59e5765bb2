import assert from "node:assert/strict";
import { test } from "node:test";

import { compareFixes } from "./compareFixes.ts";

function packageOf(name: string, version: string, source = name) {
  return { name, version, architecture: "amd64", source, sourceVersion: version };
}

const fixes = {
  openssl: [
    { version: "3.0-3", cves: ["CVE-2026-10000", "CVE-2026-9999"] },
    { version: "3.0-2", cves: ["CVE-2025-2222"] },
    { version: "3.0-1", cves: ["CVE-2025-1111"] },
  ],
};

function gained(from: string, to: string): string[] {
  const side = (version: string) => ({ packages: [packageOf("openssl", version)], fixes });
  return (compareFixes(side(from), side(to)).gained ?? []).flatMap(({ cves }) => cves);
}

test("fixes are those after one version up to the other, by year and number", () => {
  const rows: readonly (readonly [from: string, to: string, cves: readonly string[]])[] = [
    ["3.0-1", "3.0-3", ["CVE-2025-2222", "CVE-2026-9999", "CVE-2026-10000"]],
    ["3.0-1", "3.0-2", ["CVE-2025-2222"]],
    ["3.0-2", "3.0-2", []],
    ["3.0-3", "3.0-1", []],
    ["3.0-2~deb13u1", "3.0-2", ["CVE-2025-2222"]],
  ];
  for (const [from, to, cves] of rows) assert.deepEqual(gained(from, to), cves, `${from} → ${to}`);
});

test("a step down loses what the older side has not", () => {
  const side = (version: string) => ({ packages: [packageOf("openssl", version)], fixes });
  assert.deepEqual(compareFixes(side("3.0-3"), side("3.0-2")), {
    gained: [],
    lost: [{ source: "openssl", from: "3.0-3", to: "3.0-2", cves: ["CVE-2026-9999", "CVE-2026-10000"] }],
  });
});

test("a package that comes new, or goes, fixes nothing", () => {
  const there = { packages: [packageOf("openssl", "3.0-3")], fixes };
  assert.deepEqual(compareFixes({ packages: [], fixes: {} }, there), { gained: [], lost: [] });
  assert.deepEqual(compareFixes(there, { packages: [], fixes: {} }), { gained: [], lost: [] });
});

test("of a source whose packages have two versions the oldest counts", () => {
  const from = { packages: [packageOf("libssl3", "3.0-1", "openssl")], fixes: {} };
  const both = [packageOf("libssl3", "3.0-3", "openssl"), packageOf("openssl", "3.0-2")];
  assert.deepEqual(compareFixes(from, { packages: both, fixes }).gained, [
    { source: "openssl", from: "3.0-1", to: "3.0-2", cves: ["CVE-2025-2222"] },
  ]);
});

test("a side without changelogs leaves its half unknown", () => {
  const side = { packages: [packageOf("openssl", "3.0-1")], fixes: undefined };
  assert.deepEqual(compareFixes(side, { packages: [packageOf("openssl", "3.0-2")], fixes }), {
    gained: [{ source: "openssl", from: "3.0-1", to: "3.0-2", cves: ["CVE-2025-2222"] }],
    lost: null,
  });
});
