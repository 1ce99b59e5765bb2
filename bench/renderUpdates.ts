import { MIB } from "#definition/size.ts";

import { medianOf } from "./statistics.ts";
import type { SizeFigures, UpdateFigures, UpdateRound } from "./updates.ts";

const MEMORY_GOAL_MIB = 120;

/** Markdown, so that it can go into docs/benchmarks.md as it is. */
export function renderUpdates({ small, large, acceleration }: UpdateFigures): string {
  const sizes = [small, large];
  const rows: readonly (readonly [what: string, pick: (round: UpdateRound) => number])[] = [
    ["the whole update", ({ updateSeconds }) => updateSeconds],
    ["writing the slot: fetch, check, write, flush", ({ writeSeconds }) => writeSeconds],
    ["reading it back", ({ verifySeconds }) => verifySeconds],
    ["`dd` from the running slot", ({ copySeconds }) => copySeconds],
    ["`dd` from the same server", ({ fetchSeconds }) => fetchSeconds],
  ];
  const toRate = ({ rootBytes, rounds }: SizeFigures, pick: (round: UpdateRound) => number) => {
    const seconds = medianOf(rounds.map(pick));
    const all = rounds.map((round) => pick(round).toFixed(1)).join(", ");
    return `${seconds.toFixed(1)} s (${all}), ${(rootBytes / MIB / seconds).toFixed(1)} MiB/s`;
  };
  const toPeak = ({ rounds }: SizeFigures) => {
    const peak = Math.max(...rounds.map(({ updaterBytes }) => updaterBytes)) / MIB;
    return `${peak.toFixed(0)} MiB, goal < ${MEMORY_GOAL_MIB}: ${peak < MEMORY_GOAL_MIB ? "reached" : "**missed**"}`;
  };
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line([
      `update (${acceleration})`,
      ...sizes.map(({ rootBytes }) => `root of ${(rootBytes / MIB).toFixed(0)} MiB`),
    ]),
    line(["---", "---", "---"]),
    ...rows.map(([what, pick]) => line([what, ...sizes.map((size) => toRate(size, pick))])),
    line(["largest memory of the updater", ...sizes.map(toPeak)]),
    "",
  ].join("\n");
}
