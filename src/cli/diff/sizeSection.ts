import type { ArtifactChange, ArtifactDiff, SlotFill } from "#release/comparison/releaseDiff.ts";
import { ARTIFACTS } from "#release/releaseNames.ts";

import { formatBytes } from "../formatBytes.ts";
import type { Row, Section } from "./section.ts";

/** How the files of a release grew, and how full they make the slots of a disk. */
export function toSizeSection({ changed, slots, partitions }: ArtifactDiff): Section {
  const order = Object.keys(ARTIFACTS);
  const place = ({ kind }: ArtifactChange) => order.indexOf(kind);
  const root = slots.find(({ slot }) => slot === "root");
  return {
    id: "sizes",
    title: "Size",
    subject: "File of the release, or slot",
    summary: root === undefined ? "" : `root ${describeGrowth(root.from.usedBytes, root.to.usedBytes)}`,
    rows: [
      ...changed.toSorted((a, b) => place(a) - place(b)).map(toArtifactRow),
      ...slots.map(({ slot, from, to }): Row => {
        const isSame = from.usedBytes === to.usedBytes && from.sizeBytes === to.sizeBytes;
        return {
          mark: isSame ? " " : "~",
          subject: `${slot} slot`,
          from: describeFill(from),
          to: describeFill(to),
          word: isSame ? "unchanged" : "filled",
        };
      }),
      ...partitions.map(({ name, from, to }): Row => {
        return {
          mark: "~",
          subject: `${name}, as laid out`,
          from: formatBytes(from),
          to: formatBytes(to),
          word: describeSign(from, to),
        };
      }),
    ],
  };
}

function toArtifactRow({ kind, from, to }: ArtifactChange): Row {
  if (from === null) return { mark: "+", subject: kind, to: formatBytes(to?.sizeBytes ?? 0), word: "added" };
  if (to === null) return { mark: "-", subject: kind, from: formatBytes(from.sizeBytes), word: "removed" };
  return {
    mark: "~",
    subject: kind,
    from: formatBytes(from.sizeBytes),
    to: formatBytes(to.sizeBytes),
    word: from.sizeBytes === to.sizeBytes ? "other bytes" : describeSign(from.sizeBytes, to.sizeBytes),
  };
}

function describeFill({ usedBytes, sizeBytes }: SlotFill): string {
  return `${((usedBytes / sizeBytes) * 100).toFixed(1)} % of ${formatBytes(sizeBytes)}`;
}

function describeGrowth(from: number, to: number): string {
  return from === to
    ? `${formatBytes(to)}, as before`
    : `${formatBytes(from)} → ${formatBytes(to)} (${describeSign(from, to)})`;
}

function describeSign(from: number, to: number): string {
  return `${to < from ? "-" : "+"}${formatBytes(Math.abs(to - from))}`;
}
