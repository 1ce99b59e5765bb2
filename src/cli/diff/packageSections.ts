import type { ComparedPackage } from "#release/comparison/comparedSystem.ts";
import type { Direction, FixDiff, PackageDiff, SourceFixes } from "#release/comparison/releaseDiff.ts";

import { count, countAll, type Row, type Section } from "./section.ts";

export function toPackageSection(packages: PackageDiff): Section {
  return {
    id: "packages",
    title: "Packages",
    subject: "Package",
    summary: summarisePackages(packages),
    rows: toPackageRows(packages),
  };
}

export function summarisePackages({ added, removed, changed }: PackageDiff): string {
  const going = (direction: Direction) => changed.filter((change) => change.direction === direction).length;
  return countAll([
    [going("upgrade"), "upgraded"],
    [going("downgrade"), "downgraded"],
    [going("other"), "changed"],
    [added.length, "added"],
    [removed.length, "removed"],
  ]);
}

const DIRECTION_WORDS = {
  upgrade: { mark: "~", word: "upgraded" },
  downgrade: { mark: "!", word: "downgraded" },
  other: { mark: "~", word: "changed" },
} as const satisfies Record<Direction, Pick<Row, "mark" | "word">>;

/** What changed first: it is what one looks for. */
export function toPackageRows({ added, removed, changed }: PackageDiff): Row[] {
  return [
    ...changed.map(({ from, to, direction }): Row => {
      const [before, after] = describeChange(from, to);
      const was = from.name === to.name ? "" : ` (${from.name})`;
      return { ...DIRECTION_WORDS[direction], subject: to.name, from: before + was, to: after };
    }),
    ...added.map(({ name, version }): Row => ({ mark: "+", subject: name, to: version, word: "added" })),
    ...removed.map(({ name, version }): Row => ({
      mark: "-",
      subject: name,
      from: version,
      word: "removed",
    })),
  ];
}

/** The version; with what else differs where that says nothing. */
function describeChange(from: ComparedPackage, to: ComparedPackage): [from: string, to: string] {
  const toWords = ({ version, architecture, source, sourceVersion }: ComparedPackage) =>
    [
      version,
      ...(from.architecture === to.architecture ? [] : [architecture]),
      ...(from.version !== to.version
        ? []
        : from.source !== to.source
          ? [`of ${source}`]
          : from.sourceVersion === to.sourceVersion
            ? []
            : [`of ${source} ${sourceVersion ?? "?"}`]),
    ].join(" ");
  return [toWords(from), toWords(to)];
}

export function toFixesSection({ gained, lost }: FixDiff): Section {
  const total = (fixes: readonly SourceFixes[] | null) =>
    new Set((fixes ?? []).flatMap(({ cves }) => cves)).size;
  const rows = (fixes: readonly SourceFixes[] | null, sign: Pick<Row, "mark">, verb: string) =>
    (fixes ?? []).map(({ source, from, to, cves }): Row => {
      return {
        ...sign,
        subject: source,
        from,
        to,
        word: `${count(cves.length, "CVE")} ${verb}`,
        details: cves,
      };
    });
  return {
    id: "fixes",
    title: "Security",
    subject: "Source package",
    summary: countAll([
      [total(gained), "CVEs fixed, by Debian's changelogs"],
      [total(lost), "lost again"],
    ]),
    rows: [...rows(lost, { mark: "!" }, "lost"), ...rows(gained, { mark: "+" }, "fixed")],
  };
}
