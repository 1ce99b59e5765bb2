import type { ComparedUnit } from "#release/comparison/comparedSystem.ts";
import { formatListener } from "#release/comparison/findAttention.ts";
import type {
  Changes,
  KernelDiff,
  Listener,
  ListenerDiff,
  PropertyChange,
  ReleaseDiff,
} from "#release/comparison/releaseDiff.ts";

import { formatJson } from "./formatJson.ts";
import { countAll, type Row, type Section } from "./section.ts";

export function toUnitSection({ added, removed, changed }: Changes<ComparedUnit>): Section {
  return {
    id: "units",
    title: "Units",
    subject: "Unit",
    summary: countChanges({ added, removed, changed }),
    rows: [
      ...changed.map(({ from, to }): Row => {
        return { mark: "~", subject: to.name, from: from.state, to: to.state, word: "changed" };
      }),
      ...added.map(({ name, state }): Row => ({ mark: "+", subject: name, to: state, word: "added" })),
      ...removed.map(({ name, state }): Row => ({ mark: "-", subject: name, from: state, word: "removed" })),
    ],
  };
}

const EVIDENCE = {
  declared: "by unit files; programs may open others by themselves",
  observed: "as found open",
  mixed: "what is open beside what unit files say; does not count as a difference",
} as const;

/** @param isToMachine whether it is `to` whose ports were found open, where the evidence is mixed */
export function toListenerSection(listeners: ListenerDiff, isToMachine: boolean): Section {
  const { evidence, added, removed, changed } = listeners;
  const isMixed = evidence === "mixed";
  const mixedWords = ["open, not declared", "declared, not open"] as const;
  const [addedWord, removedWord] = !isMixed
    ? (["new", "closed"] as const)
    : isToMachine
      ? mixedWords
      : mixedWords.toReversed();
  const by = (listener: Listener) => listener.by.filter((name) => name !== "").join(", ") || "unknown";
  return {
    id: "listeners",
    title: "Ports",
    subject: "Port",
    summary: `${countChanges(listeners)} (${EVIDENCE[evidence]})`,
    rows: [
      ...added.map((entry): Row => ({
        mark: isMixed ? "+" : "!",
        subject: formatListener(entry),
        to: by(entry),
        word: addedWord,
      })),
      ...changed.map(({ from, to }): Row => {
        return { mark: "~", subject: formatListener(to), from: by(from), to: by(to), word: "changed" };
      }),
      ...removed.map((entry): Row => ({
        mark: "-",
        subject: formatListener(entry),
        from: by(entry),
        word: removedWord,
      })),
    ],
  };
}

export function toKernelSection({ version, ...diff }: KernelDiff): Section {
  const word = (text: string, mark: "+" | "-"): Row => ({
    mark,
    subject: text,
    word: mark === "+" ? "added" : "removed",
  });
  const changes = diff.addedArguments.length + diff.removedArguments.length;
  return {
    id: "kernel",
    title: "Kernel",
    subject: "Version or word of the command line",
    summary: [
      ...(version === null ? [] : ["another version"]),
      ...(changes === 0 ? [] : ["another command line"]),
      ...(diff.reordered ? ["command line in another order"] : []),
    ].join(", "),
    rows: [
      ...(version === null ? [] : [{ mark: "~", subject: "version", ...version, word: "changed" } as const]),
      ...diff.addedArguments.map((text) => word(text, "+")),
      ...diff.removedArguments.map((text) => word(text, "-")),
    ],
  };
}

/** By the first line. */
const TOLD_ELSEWHERE = new Set(["id", "version"]);

export function toPropertySection({ properties, attention }: ReleaseDiff): Section {
  const worse = new Set(
    attention
      .filter(({ kind }) => kind === "weaker-policy" || kind === "development-keys")
      .map(({ subject }) => subject),
  );
  const shown = properties.filter(({ name }) => !TOLD_ELSEWHERE.has(name));
  return {
    id: "properties",
    title: "Properties",
    subject: "Property",
    summary: countAll([
      [shown.length, "changed"],
      [worse.size, "of them weaker"],
    ]),
    rows: shown.map(({ name, from, to }: PropertyChange): Row => {
      const isWorse = worse.has(name);
      return {
        mark: isWorse ? "!" : "~",
        subject: name,
        from: from === null ? "none" : formatJson(from),
        to: to === null ? "none" : formatJson(to),
        word: isWorse ? "weaker" : "changed",
      };
    }),
  };
}

export function countChanges({ added, removed, changed }: Changes<unknown>): string {
  return countAll([
    [changed.length, "changed"],
    [added.length, "added"],
    [removed.length, "removed"],
  ]);
}
