import { MIB } from "#definition/size.ts";

import { CALL_SUBJECTS, STREAMS, type CallFigures, type CallSubject } from "./calls.ts";
import type { CallSample } from "./callsClient.ts";
import { medianOf } from "./statistics.ts";

const IDLE_GOAL_MIB = 70;
/** What the second half of the calls may add to the median: what a collection of garbage comes to sooner or later. */
const GROWTH_GOAL_MIB = 2;

const NAMES: Readonly<Record<CallSubject, string>> = {
  bare: "bare `node:http2`, a constant",
  contract: "the agent, facts in memory",
  agent: "the agent",
};

/** Markdown, so that it can go into docs/benchmarks.md as it is. */
export function renderCalls({ answerBytes, rounds, memory, load }: CallFigures): string {
  const median = (subject: CallSubject, streams: number, pick: (sample: CallSample) => number) =>
    medianOf(rounds.filter((round) => round.subject === subject && round.streams === streams).map(pick));
  const rate = ({ calls, seconds }: CallSample) => calls / seconds;
  const toCell = (subject: CallSubject, streams: number) =>
    [
      `${median(subject, streams, rate).toFixed(0)}/s`,
      `${toMs(median(subject, streams, ({ p50Ms }) => p50Ms))}`,
      `${toMs(median(subject, streams, ({ p99Ms }) => p99Ms))} ms`,
    ].join(", ");
  const toRatio = (streams: number) =>
    (median("agent", streams, rate) / median("bare", streams, rate)).toFixed(2);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line([
      `calls a second, p50, p99 (${answerBytes} bytes)`,
      ...STREAMS.map((streams) => `${streams} at a time`),
    ]),
    line(["---", ...STREAMS.map(() => "---")]),
    ...CALL_SUBJECTS.map((subject) =>
      line([NAMES[subject], ...STREAMS.map((streams) => toCell(subject, streams))]),
    ),
    line(["the agent ÷ bare", ...STREAMS.map(toRatio)]),
    "",
    ...renderMemory(memory),
    "",
    `Load of the host, over one minute, before ${load.before.toFixed(1)}, after ${load.after.toFixed(1)}`,
    "",
  ].join("\n");
}

function renderMemory([idle, ...looks]: CallFigures["memory"]): string[] {
  const half = looks.length / 2;
  const rows = [looks.slice(0, half), looks.slice(half)].map((part) => {
    const found = part.map(({ residentBytes }) => residentBytes / MIB);
    return { last: part.at(-1)?.afterCalls, median: medianOf(found), largest: Math.max(...found) };
  });
  const [first, second] = rows.map(({ median }) => median);
  const idleMib = (idle?.residentBytes ?? Number.NaN) / MIB;
  const growth = (second ?? Number.NaN) - (first ?? Number.NaN);
  const verdicts = ["", toVerdict(growth <= GROWTH_GOAL_MIB, `≤ ${GROWTH_GOAL_MIB} MiB more`)];
  return [
    "| the agent's resident memory | median | largest | goal |",
    "| --- | --- | --- | --- |",
    `| before the first call | ${idleMib.toFixed(1)} MiB |  | ${toVerdict(idleMib < IDLE_GOAL_MIB, `< ${IDLE_GOAL_MIB} MiB`)} |`,
    ...rows.map(
      ({ last, median, largest }, index) =>
        `| until ${last} calls | ${median.toFixed(1)} MiB | ${largest.toFixed(1)} MiB | ${verdicts[index]} |`,
    ),
  ];
}

function toMs(ms: number): string {
  return ms.toFixed(ms < 10 ? 1 : 0);
}

function toVerdict(isReached: boolean, goal: string): string {
  return `${goal}: ${isReached ? "reached" : "**missed**"}`;
}
