import { compareDebianVersions } from "../debianVersion.ts";
import type { ComparedPackage } from "./comparedSystem.ts";
import { compareKeyed, compareTexts } from "./compareKeyed.ts";
import type { Change, Changes, Direction, PackageChange, PackageDiff } from "./releaseDiff.ts";

/**
 * Packages by name and architecture. Of what is left over, one package takes another's place where
 * that is certain: the same name for another architecture, or the same source and the same name but
 * for its numbers, as `linux-image-6.12.117+deb13-amd64` and `linux-image-6.12.118+deb13-amd64`.
 */
export function comparePackages(
  from: readonly ComparedPackage[],
  to: readonly ComparedPackage[],
): PackageDiff {
  const exact = compareKeyed(from, to, toIdentity, isSamePackage);
  const { added, removed, changed } = [toName, toNumberlessName].reduce(pairLeftOvers, exact);
  return {
    added,
    removed,
    changed: changed
      .map((change): PackageChange => ({ ...change, direction: toDirection(change) }))
      .sort((a, b) => compareTexts(toIdentity(a.from), toIdentity(b.from))),
  };
}

export function isEmptyPackageDiff({ added, removed, changed }: PackageDiff): boolean {
  return added.length + removed.length + changed.length === 0;
}

function toIdentity({ name, architecture }: ComparedPackage): string {
  return `${name} ${architecture}`;
}

function toName({ name }: ComparedPackage): string {
  return name;
}

function toNumberlessName({ name, architecture, source }: ComparedPackage): string {
  return `${source} ${name.replaceAll(/[0-9]+/g, "#")} ${architecture}`;
}

function isSamePackage(a: ComparedPackage, b: ComparedPackage): boolean {
  if (a.version !== b.version || a.source !== b.source) return false;
  return (
    a.sourceVersion === undefined || b.sourceVersion === undefined || a.sourceVersion === b.sourceVersion
  );
}

/** Only what is alone under its key on both sides: a guess between several is none. */
function pairLeftOvers(
  left: Changes<ComparedPackage>,
  keyOf: (entry: ComparedPackage) => string,
): Changes<ComparedPackage> {
  const gone = Map.groupBy(left.removed, keyOf);
  const come = Map.groupBy(left.added, keyOf);
  const pairs = [...gone].flatMap(([key, [from, ...more]]): Change<ComparedPackage>[] => {
    const [to, ...others] = come.get(key) ?? [];
    return from === undefined || to === undefined || more.length + others.length > 0 ? [] : [{ from, to }];
  });
  const paired = new Set(pairs.flatMap(({ from, to }) => [from, to]));
  return {
    added: left.added.filter((entry) => !paired.has(entry)),
    removed: left.removed.filter((entry) => !paired.has(entry)),
    changed: [...left.changed, ...pairs],
  };
}

function toDirection({ from, to }: Change<ComparedPackage>): Direction {
  const order = compareDebianVersions(from.version, to.version);
  return order === 0 ? "other" : order < 0 ? "upgrade" : "downgrade";
}
