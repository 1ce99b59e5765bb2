import assert from "node:assert/strict";
import { test } from "node:test";

import { Version } from "@cyclonedx/cyclonedx-library/Spec";
import { JsonStrictValidator } from "@cyclonedx/cyclonedx-library/Validation";

import { encodeSbom, type SbomInput, type SbomPackage } from "./sbom.ts";
import { parseSha256 } from "./sha256.ts";

const DEP5 = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n";

function packageOf(name: string, more: Partial<SbomPackage> = {}): SbomPackage {
  const common = {
    version: "1:2.3~rc1-4+b1",
    architecture: "amd64",
    sourceVersion: "1:2.3~rc1-4",
    installedSizeKiB: 10,
  };
  return { name, ...common, source: name, maintainer: "Somebody <s@example.org>", section: "libs", ...more };
}

const INPUT: SbomInput = {
  id: "minimal",
  version: "1.0.0",
  name: "Minimal",
  distribution: { id: "debian", versionId: "13" },
  sourceDateEpoch: 1_700_000_000,
  packages: [
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
  ],
};

interface Document {
  serialNumber: string;
  metadata: { timestamp: string; component: object };
  components: { name: string; purl: string; hashes?: object[]; licenses?: object[] }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}
const decode = (text: string) => JSON.parse(text) as Document;

test("the document passes CycloneDX 1.6's strict validation", async () => {
  assert.equal(await new JsonStrictValidator(Version.v1dot6).validate(encodeSbom(INPUT)), null);
});

test("packages are components, with package URL, hash of the .deb and licences", () => {
  const { components, metadata, dependencies } = decode(encodeSbom(INPUT));
  const acknowledgement = "declared";
  const bash = components.find(({ name }) => name === "bash")!;
  assert.equal(bash.purl, "pkg:deb/debian/bash@1:2.3~rc1-4+b1?arch=amd64&distro=debian-13");
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
  assert.equal(metadata.timestamp, "2023-11-14T22:13:20.000Z");
  assert.equal(dependencies.find(({ ref }) => ref === "minimal@1.0.0")?.dependsOn?.length, 4);
});

test("the order of packages makes no difference, their content does", () => {
  const text = encodeSbom(INPUT);
  assert.equal(encodeSbom({ ...INPUT, packages: INPUT.packages.toReversed() }), text);
  const other = decode(encodeSbom({ ...INPUT, packages: INPUT.packages.slice(1) }));
  assert.notEqual(other.serialNumber, decode(text).serialNumber);
});

test("four hundred packages take less than 400 ms", () => {
  const packages = Array.from({ length: 400 }, (_, index) => ({
    ...INPUT.packages[index % 4]!,
    name: `package-${index}`,
  }));
  const startedAt = performance.now();
  encodeSbom({ ...INPUT, packages });
  assert.ok(performance.now() - startedAt < 400);
});
