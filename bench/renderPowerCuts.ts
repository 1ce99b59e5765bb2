import type { PowerCutRound } from "./powerCutRound.ts";
import type { PowerCutFigures } from "./powerCuts.ts";
import { medianOf } from "./statistics.ts";

const OLD = "1.1";
const NEW = "1.2";

/** What a round came to, in the words of the table. */
export interface PowerCutVerdict {
  readonly where: "before any write" | "while writing" | "slot whole, no entry" | "staged";
  /** A complete, verified, healthy system ran after the power cut. */
  readonly boots: boolean;
  /** The next try said that it was done, and the new version lies whole and bootable on the disk. */
  readonly finishes: boolean;
  /** The bytes of the version that was running, at any look. */
  readonly oldDamaged: boolean;
  /** Undefined where it was not tried. */
  readonly nextBoots: boolean | undefined;
}

export function judgeRound({ atCut, boot, again, after, next }: PowerCutRound): PowerCutVerdict {
  const looks = after === undefined ? [atCut] : [atCut, after];
  return {
    where: toWhere(atCut),
    boots: boot.version === OLD || boot.version === NEW,
    finishes: again?.succeeded === true && after !== undefined && isBootable(after),
    oldDamaged: looks.some(({ slots }) => slots[OLD] !== "whole"),
    nextBoots: next === undefined ? undefined : next.version === NEW,
  };
}

function toWhere(look: PowerCutRound["atCut"]): PowerCutVerdict["where"] {
  if (isBootable(look)) return "staged";
  if (look.slots[NEW] === "whole") return "slot whole, no entry";
  return look.slots["1.0"] === "whole" && Object.values(look.kernels).includes("1.0")
    ? "before any write"
    : "while writing";
}

/** The slot is whole, and a kernel image of the same release lies there under a name that the loader takes. */
function isBootable({ slots, kernels }: PowerCutRound["atCut"]): boolean {
  const names = Object.entries(kernels).flatMap(([name, version]) => (version === NEW ? [name] : []));
  return slots[NEW] === "whole" && names.some((name) => /^[^.].*_1\.2(\+[1-9]\d*(-\d+)?)?\.efi$/.test(name));
}

/** Markdown, so that it can go into docs/benchmarks.md as it is. */
export function renderPowerCuts(figures: Readonly<Record<string, PowerCutFigures>>): string {
  const rows = Object.entries(figures).map(([name, { updateMs, rounds }]) => {
    const verdicts = rounds.map(judgeRound);
    const count = (is: (verdict: PowerCutVerdict) => boolean) => verdicts.filter(is).length;
    const of = (is: (verdict: PowerCutVerdict) => boolean) => `${count(is)} of ${rounds.length}`;
    const sampled = count(({ nextBoots }) => nextBoots !== undefined);
    return [
      name,
      `${(medianOf(updateMs) / 1000).toFixed(0)} s`,
      of(({ boots }) => boots),
      of(({ finishes }) => finishes),
      `${count(({ nextBoots }) => nextBoots === true)} of ${sampled}`,
      of(({ oldDamaged }) => oldDamaged),
      (["before any write", "while writing", "slot whole, no entry", "staged"] as const)
        .map((where) => count((verdict) => verdict.where === where))
        .join(" / "),
    ];
  });
  const header = [
    "power cuts",
    "update",
    "boots",
    "next try finishes",
    "then boots",
    "running slot damaged",
    "cut before / during / after the writing / staged",
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line), ""].join("\n");
}
