import { compareDebianVersions } from "../debianVersion.ts";
import type { ComparedPackage, ComparedSystem } from "./comparedSystem.ts";
import { compareTexts } from "./compareKeyed.ts";
import type { FixDiff, SourceFixes } from "./releaseDiff.ts";

type Fixes = NonNullable<ComparedSystem["fixes"]>;

interface Side {
  readonly packages: readonly ComparedPackage[];
  /** Absent: what this side has fixed is not known. */
  readonly fixes: Fixes | undefined;
}

/**
 * The CVEs that Debian changelogs name after one version of a source package, up to another one.
 * A changelog names what its maintainer wrote there, which is not every fix.
 */
export function compareFixes(from: Side, to: Side): FixDiff {
  return { gained: findFixes(from, to), lost: findFixes(to, from)?.map(turnRound) ?? null };
}

/** What `newer` has and `older` has not. */
function findFixes(older: Side, newer: Side): SourceFixes[] | null {
  const { fixes } = newer;
  if (fixes === undefined) return null;
  const before = toSourceVersions(older.packages);
  return [...toSourceVersions(newer.packages)]
    .flatMap(([source, to]) => {
      const from = before.get(source);
      if (from === undefined) return [];
      const cves = (fixes[source] ?? [])
        .filter(
          ({ version }) =>
            compareDebianVersions(from, version) < 0 && compareDebianVersions(version, to) <= 0,
        )
        .flatMap((fix) => fix.cves);
      return cves.length === 0 ? [] : [{ source, from, to, cves: [...new Set(cves)].sort(compareCves) }];
    })
    .sort((a, b) => compareTexts(a.source, b.source));
}

/** Of several versions of one source the oldest counts: a fix must be in all of its packages. */
function toSourceVersions(packages: readonly ComparedPackage[]): Map<string, string> {
  const versions = new Map<string, string>();
  for (const { source, sourceVersion } of packages) {
    if (sourceVersion === undefined) continue;
    const known = versions.get(source);
    if (known === undefined || compareDebianVersions(sourceVersion, known) < 0) {
      versions.set(source, sourceVersion);
    }
  }
  return versions;
}

/** `CVE-2026-999` before `CVE-2026-1000`. */
function compareCves(a: string, b: string): number {
  const [, yearA = "", numberA = ""] = a.split("-");
  const [, yearB = "", numberB = ""] = b.split("-");
  return Number(yearA) - Number(yearB) || Number(numberA) - Number(numberB) || compareTexts(a, b);
}

function turnRound({ source, from, to, cves }: SourceFixes): SourceFixes {
  return { source, from: to, to: from, cves };
}
