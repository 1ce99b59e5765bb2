import { parseDuration } from "./duration.ts";

/** Bounds of a span of whole seconds; both are in. */
export interface DurationBounds {
  readonly least: string;
  readonly most: string;
}

/** As the end of the sentence "wanted …". */
export function toDurationWanted({ least, most }: DurationBounds): string {
  return `a span of time from "${least}" to "${most}", such as "90min", "2h" or "3d"`;
}

/** Whole seconds within the bounds, or why the value is no such span. */
export function parseBoundedDuration(
  value: unknown,
  bounds: DurationBounds,
): { seconds: number } | { wanted: string; hint?: string } {
  const wanted = toDurationWanted(bounds);
  // A number has no unit: the hint for one in quotes says what is missing.
  const parsed =
    typeof value === "string" || typeof value === "number" ? parseDuration(String(value)) : { wanted };
  if ("wanted" in parsed) return { ...parsed, wanted };
  const seconds = parsed.durationMs / 1000;
  const isWithin = seconds >= toSeconds(bounds.least) && seconds <= toSeconds(bounds.most);
  return isWithin && Number.isInteger(seconds) ? { seconds } : { wanted };
}

/** `2h`, `90min`, `3d`: the largest unit that needs no fraction. */
export function formatSeconds(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const;
  const [unit, size] = units.find(([, each]) => seconds >= each && seconds % each === 0) ?? ["s", 1];
  return `${seconds / size}${unit}`;
}

function toSeconds(duration: string): number {
  const parsed = parseDuration(duration);
  if ("wanted" in parsed) throw new TypeError(`"${duration}" is no bound: ${parsed.wanted}`);
  return parsed.durationMs / 1000;
}
