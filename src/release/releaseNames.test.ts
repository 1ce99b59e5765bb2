import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { isSysupdateSafeVersion } from "#boot/version.ts";

import { ARTIFACTS, CHECKSUMS_NAME, toArtifactName, toMatchPattern } from "./releaseNames.ts";
import type { ArtifactKind, PartitionKind, ReleaseName } from "./releaseNames.ts";

const KINDS = Object.keys(ARTIFACTS) as ArtifactKind[];
const nameOf = (kind: ArtifactKind, release: ReleaseName, uuid: string): string =>
  isPartitionKind(kind) ? toArtifactName(kind, release, uuid) : toArtifactName(kind, release);
const isPartitionKind = (kind: ArtifactKind): kind is PartitionKind => ARTIFACTS[kind].pattern.includes("@u");

/**
 * As systemd-sysupdate 257 does: a field ends at the first place where the next literal text is
 * found, and what follows the pattern makes no difference.
 */
function match(pattern: string, name: string): { v?: string; u?: string } | undefined {
  const found: { v?: string; u?: string } = {};
  const parts = pattern.split(/(@[vu])/);
  let rest = name;
  for (const [index, part] of parts.entries()) {
    if (part !== "@v" && part !== "@u") {
      if (!rest.startsWith(part)) return undefined;
      rest = rest.slice(part.length);
      continue;
    }
    const end = rest.indexOf(parts[index + 1]!);
    if (end < 0) return undefined;
    const field = rest.slice(0, end);
    const allowed =
      part === "@v" ? /^[A-Za-z0-9.,_+-]+$/ : /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
    if (!allowed.test(field)) return undefined;
    found[part === "@v" ? "v" : "u"] = field;
    rest = rest.slice(end);
  }
  return found; // whatever the rest is
}

test("the names are those of the sysupdate.d manual", () => {
  const uuid = "00112233-4455-6677-8899-aabbccddeeff";
  assert.deepEqual(
    KINDS.map((kind) => nameOf(kind, { id: "minimal", version: "1.0.0" }, uuid)),
    [
      `minimal_1.0.0_${uuid}.root`,
      `minimal_1.0.0_${uuid}.verity`,
      `minimal_1.0.0_${uuid}.signature`,
      "minimal_1.0.0.efi",
      "minimal_1.0.0.raw",
      "minimal_1.0.0.qcow2",
      "minimal_1.0.0.packages.tsv",
      "minimal_1.0.0.cdx.json",
      "minimal_1.0.0.contents.json",
      "minimal_1.0.0.manifest.json",
      "minimal_1.0.0.intoto.jsonl",
    ],
  );
});

const anyRelease = fc.record({
  id: fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}$/),
  version: fc.stringMatching(/^[0-9][A-Za-z0-9.-]{0,12}$/).filter(isSysupdateSafeVersion),
});

test("systemd-sysupdate finds each file by its own pattern, with its version and UUID, and by no other", () => {
  fc.assert(
    fc.property(anyRelease, fc.uuid(), (release, uuid) => {
      for (const kind of KINDS) {
        for (const other of KINDS) {
          const found = match(toMatchPattern(other, release.id), nameOf(kind, release, uuid));
          const hasUuid = isPartitionKind(kind);
          assert.deepEqual(
            found,
            kind === other ? { v: release.version, ...(hasUuid && { u: uuid }) } : undefined,
          );
        }
        assert.equal(match(toMatchPattern(kind, release.id), CHECKSUMS_NAME), undefined);
      }
    }),
  );
});
