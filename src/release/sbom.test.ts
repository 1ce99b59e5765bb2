import assert from "node:assert/strict";
import { test } from "node:test";

import { Version } from "@cyclonedx/cyclonedx-library/Spec";
import { JsonStrictValidator } from "@cyclonedx/cyclonedx-library/Validation";

import { toPackageDescriptions, type PackageSource } from "./packageDescriptions.ts";
import { encodeSbom, type SbomFile } from "./sbom.ts";
import { parseSha256 } from "./sha256.ts";

const DEP5 = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n";

function packageOf(name: string, more: Partial<PackageSource> = {}): PackageSource {
  const common = {
    version: "1:2.3~rc1-4+b1",
    architecture: "amd64",
    sourceVersion: "1:2.3~rc1-4",
    installedSizeKiB: 10,
  };
  return { name, ...common, source: name, maintainer: "Somebody <s@example.org>", section: "libs", ...more };
}

const PACKAGES = [
  packageOf("libstdc++6", {
    sha256: parseSha256("a".repeat(64)),
    homepage: "https://example.org/",
    copyright: `${DEP5}Files: *\nLicense: GPL-2+ or Artistic\n\nFiles: a\nLicense: Expat\n`,
  }),
  packageOf("bash", { copyright: `${DEP5}Files: *\nLicense: GPL-3+\n\nFiles: a\nLicense: Expat\n` }),
  packageOf("mixed", {
    copyright: `${DEP5}Files: *\nLicense: public-domain\n\nFiles: a\nLicense: ISC or Expat\n`,
  }),
  packageOf("tzdata", { maintainer: "", copyright: "free-form" }),
];
const BASH = "pkg:deb/debian/bash@1:2.3~rc1-4+b1?arch=amd64&distro=debian-13";
const FILES: SbomFile[] = [
  { path: "/usr/bin/rbash", sha256: "c".repeat(64), package: BASH },
  { path: "/usr/bin/bash", sha256: "b".repeat(64), package: BASH },
  { path: "/etc/motd", sha256: "d".repeat(64) },
];

function encode({
  packages = PACKAGES,
  files = FILES,
}: { packages?: PackageSource[]; files?: SbomFile[] } = {}): string {
  const described = toPackageDescriptions(packages, { id: "debian", versionId: "13" });
  const components = described.map(({ component }) => component);
  return encodeSbom({
    id: "minimal",
    version: "1.0.0",
    name: "Minimal",
    sourceDateEpoch: 1_700_000_000,
    components,
    files,
  });
}

interface Component {
  type: string;
  name: string;
  purl?: string;
  hashes?: object[];
  licenses?: object[];
  components?: Component[];
}
interface Document {
  serialNumber: string;
  metadata: { timestamp: string; component: object };
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}
const decode = (text: string) => JSON.parse(text) as Document;
const packagesOf = (document: Document) => document.components.filter(({ type }) => type === "library");

test("the document passes CycloneDX 1.6's strict validation", async () => {
  const validator = new JsonStrictValidator(Version.v1dot6);
  assert.equal(await validator.validate(encode()), null);
  assert.notEqual(await validator.validate(encode({ files: [{ path: "/a", sha256: "none" }] })), null);
});

test("packages are components, with package URL, hash of the .deb and licences", () => {
  const document = decode(encode());
  const components = packagesOf(document);
  const acknowledgement = "declared";
  assert.equal(components.find(({ name }) => name === "bash")?.purl, BASH);
  assert.deepEqual(Object.fromEntries(components.map(({ name, licenses }) => [name, licenses])), {
    bash: [
      { license: { id: "GPL-3.0-or-later", acknowledgement } },
      { license: { id: "MIT", acknowledgement } },
    ],
    "libstdc++6": [{ expression: "MIT AND (GPL-2.0-or-later OR Artistic-1.0)", acknowledgement }],
    mixed: [
      { license: { name: "ISC OR MIT", acknowledgement } },
      { license: { name: "public-domain", acknowledgement } },
    ],
    tzdata: undefined,
  });
  assert.deepEqual(components.find(({ name }) => name === "libstdc++6")?.hashes, [
    { alg: "SHA-256", content: "a".repeat(64) },
  ]);
  assert.equal(document.metadata.timestamp, "2023-11-14T22:13:20.000Z");
  assert.equal(document.dependencies.find(({ ref }) => ref === "minimal@1.0.0")?.dependsOn?.length, 4);
});

test("files are components of the package that brought them; those of no package stand beside the packages", () => {
  const document = decode(encode());
  const file = (name: string, letter: string) => ({
    type: "file",
    name,
    hashes: [{ alg: "SHA-256", content: letter.repeat(64) }],
  });
  assert.deepEqual(packagesOf(document).find(({ name }) => name === "bash")?.components, [
    file("/usr/bin/bash", "b"),
    file("/usr/bin/rbash", "c"),
  ]);
  assert.deepEqual(
    document.components.filter(({ type }) => type === "file"),
    [file("/etc/motd", "d")],
  );
});

test("licences are also given as text", () => {
  const described = toPackageDescriptions(PACKAGES, { id: "debian", versionId: "13" });
  assert.deepEqual(
    described.map(({ licences }) => licences),
    [
      ["MIT", "GPL-2.0-or-later OR Artistic-1.0"],
      ["MIT", "GPL-3.0-or-later"],
      ["ISC OR MIT", "public-domain"],
      [],
    ],
  );
});

test("the order of packages and files makes no difference, their content does", () => {
  const text = encode();
  assert.equal(encode({ packages: PACKAGES.toReversed(), files: FILES.toReversed() }), text);
  for (const other of [encode({ packages: PACKAGES.slice(1) }), encode({ files: FILES.slice(1) })])
    assert.notEqual(decode(other).serialNumber, decode(text).serialNumber);
});

test("four hundred packages take less than 400 ms", () => {
  const packages = Array.from({ length: 400 }, (_, index) => ({
    ...PACKAGES[index % 4]!,
    name: `package-${index}`,
  }));
  const startedAt = performance.now();
  encode({ packages });
  assert.ok(performance.now() - startedAt < 400);
});
