import { FIRMWARES, SUBJECTS, type BootFigures, type Firmware, type Subject } from "./boots.ts";
import type { BuildFigures } from "./builds.ts";
import type { Sample } from "./measureCommand.ts";
import { medianOf, renderMegabytes, renderSeconds } from "./statistics.ts";

/** The goals of the project: at most this share of the other's time, and for one file also a time of its own. */
const GOALS = { cold: 0.8, oneFile: 0.25, oneFileSeconds: 8, nothingSeconds: 1, boot: 1 };

/** Markdown, so that it can go into docs/benchmarks.md as it is. */
export function renderBuilds({
  cold,
  oneFile,
  nothing,
  sizes,
  mkosiVersion,
  packages,
}: BuildFigures): string {
  const coldRatio = ratioOf(secondsOf(cold.socle), secondsOf(cold.mkosi));
  const fileRatio = ratioOf(secondsOf(oneFile.socle), secondsOf(oneFile.mkosi));
  const fileSeconds = medianOf(secondsOf(oneFile.socle));
  const nothingSeconds = medianOf(secondsOf(nothing.socle));
  const peak = (samples: readonly Sample[], key: "largestProcessBytes" | "wholeTreeBytes") =>
    renderMegabytes(Math.max(...samples.map((sample) => sample[key])));
  return renderMarkdown(
    [`${packages} packages`, "Socle", `mkosi ${mkosiVersion}`, "ratio", "goal"],
    [
      ...(cold.socle.length === 0
        ? []
        : [
            [
              "cold build",
              renderSeconds(secondsOf(cold.socle)),
              renderSeconds(secondsOf(cold.mkosi)),
              coldRatio.toFixed(2),
              verdict(coldRatio <= GOALS.cold, `≤ ${GOALS.cold}`),
            ],
          ]),
      [
        "one file changed",
        renderSeconds(secondsOf(oneFile.socle)),
        renderSeconds(secondsOf(oneFile.mkosi)),
        fileRatio.toFixed(2),
        verdict(
          fileRatio <= GOALS.oneFile && fileSeconds < GOALS.oneFileSeconds,
          `≤ ${GOALS.oneFile}, < ${GOALS.oneFileSeconds} s`,
        ),
      ],
      [
        "nothing changed",
        renderSeconds(secondsOf(nothing.socle)),
        "–",
        "",
        verdict(nothingSeconds < GOALS.nothingSeconds, `< ${GOALS.nothingSeconds} s`),
      ],
      ["root image", renderMegabytes(sizes.socle.rootBytes), renderMegabytes(sizes.mkosi.rootBytes), "", ""],
      [
        "unified kernel image",
        renderMegabytes(sizes.socle.ukiBytes),
        renderMegabytes(sizes.mkosi.ukiBytes),
        "",
        "",
      ],
      [
        "disk, allocated",
        renderMegabytes(sizes.socle.diskAllocatedBytes),
        renderMegabytes(sizes.mkosi.diskAllocatedBytes),
        "",
        "",
      ],
      [
        "largest process",
        peak([...cold.socle, ...oneFile.socle], "largestProcessBytes"),
        peak([...cold.mkosi, ...oneFile.mkosi], "largestProcessBytes"),
        "",
        "",
      ],
      [
        "all processes at once",
        peak([...cold.socle, ...oneFile.socle], "wholeTreeBytes"),
        peak([...cold.mkosi, ...oneFile.mkosi], "wholeTreeBytes"),
        "",
        "",
      ],
    ],
  );
}

export function renderBoots({ boots, acceleration }: BootFigures): string {
  const timesOf = (firmware: Firmware, subject: Subject) =>
    boots
      .filter((boot) => boot.firmware === firmware && boot.subject === subject)
      .map(({ seconds }) => seconds);
  return renderMarkdown(
    [`boot to the first answer (${acceleration})`, ...SUBJECTS, "semi ÷ plain", "sealed ÷ plain", "goal"],
    FIRMWARES.map((firmware) => {
      const ratios = (["semi", "sealed"] as const).map((subject) =>
        ratioOf(timesOf(firmware, subject), timesOf(firmware, "plain")),
      );
      return [
        firmware,
        ...SUBJECTS.map((subject) => renderSeconds(timesOf(firmware, subject))),
        ...ratios.map((ratio) => ratio.toFixed(2)),
        verdict(
          ratios.every((ratio) => ratio <= GOALS.boot),
          `≤ ${GOALS.boot}`,
        ),
      ];
    }),
  );
}

function secondsOf(samples: readonly Sample[]): number[] {
  return samples.map(({ seconds }) => seconds);
}

function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return medianOf(ours) / medianOf(theirs);
}

function verdict(isReached: boolean, goal: string): string {
  return `${goal}: ${isReached ? "reached" : "**missed**"}`;
}

function renderMarkdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line), ""].join("\n");
}
