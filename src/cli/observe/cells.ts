import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";

import { toVisibleText } from "../diff/visibleText.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatDuration, formatShortDuration } from "../formatDuration.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import type { View as Look } from "../update/renderGates.ts";

/** What a machine has nothing of is a dash, so that no column is empty. */
const NOTHING = "–";

export function toTextCell(text: string): string {
  return text === "" ? NOTHING : toVisibleText(text);
}

export function toListCell(texts: readonly string[]): string {
  return toTextCell(texts.join(" "));
}

export function toNumberCell(value: number): string {
  return value === 0 ? NOTHING : String(value);
}

export function toBytesCell(sizeBytes: bigint): string {
  return sizeBytes === 0n ? NOTHING : formatBytes(Number(sizeBytes));
}

export function toCpuCell(us: bigint): string {
  return us === 0n ? NOTHING : formatShortDuration(Number(us) / 1000);
}

export function toAgoCell(at: Timestamp | undefined, { now }: Pick<Look, "now">): string {
  return at === undefined ? NOTHING : formatRelativeTime(timestampDate(at), now);
}

export function toLastedCell(first: Timestamp | undefined, last: Timestamp | undefined): string {
  if (first === undefined || last === undefined) return NOTHING;
  return formatDuration(Math.max(0, timestampDate(last).getTime() - timestampDate(first).getTime()));
}
