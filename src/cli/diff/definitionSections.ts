import type { Json } from "#release/comparison/comparedSystem.ts";
import type { LockDiff, ValueChange } from "#release/comparison/releaseDiff.ts";

import { formatJson } from "./formatJson.ts";
import { summarisePackages, toPackageRows } from "./packageSections.ts";
import { count, type Row, type Section } from "./section.ts";

export function toDefinitionSection(changes: readonly ValueChange[]): Section {
  return {
    id: "definition",
    title: "Definition",
    subject: "Key",
    summary: `${count(changes.length, "key")} differ${changes.length === 1 ? "s" : ""}`,
    rows: changes.flatMap(toValueRows),
  };
}

export function toLockSection({ request, tools, otherBytes }: LockDiff): Section {
  const toolRows = toPackageRows(tools).map((row) => ({ ...row, subject: `build tool ${row.subject}` }));
  const toolSummary = summarisePackages(tools);
  return {
    id: "lock",
    title: "Lock",
    subject: "Part of the lock",
    summary: [
      ...(request.length === 0 ? [] : ["made for another request"]),
      ...(toolSummary === "" ? [] : [`build tools: ${toolSummary}`]),
      ...(otherBytes.length === 0 ? [] : [`${count(otherBytes.length, "package")} with other bytes`]),
    ].join("; "),
    rows: [
      ...otherBytes.map((name): Row => ({ mark: "!", subject: name, word: "other bytes" })),
      ...request.flatMap(toValueRows),
      ...toolRows,
    ],
  };
}

/** Of two lists each word that came or went has its own row. */
function toValueRows({ path, from, to }: ValueChange): Row[] {
  if (isList(from) && isList(to)) {
    const [before, after] = [from.map(formatJson), to.map(formatJson)];
    const added = after.filter((word) => !before.includes(word));
    const removed = before.filter((word) => !after.includes(word));
    if (added.length + removed.length > 0) {
      return [
        ...added.map((word): Row => ({ mark: "+", subject: path, to: word, word: "added" })),
        ...removed.map((word): Row => ({ mark: "-", subject: path, from: word, word: "removed" })),
      ];
    }
  }
  return [
    {
      mark: from === undefined ? "+" : to === undefined ? "-" : "~",
      subject: path,
      ...(from === undefined ? {} : { from: formatJson(from) }),
      ...(to === undefined ? {} : { to: formatJson(to) }),
      word: from === undefined ? "added" : to === undefined ? "removed" : "changed",
    },
  ];
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
