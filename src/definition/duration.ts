/** Spans of time, as people write them and in milliseconds. */
const UNITS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const DURATION_PATTERN = /^([0-9]+)(?:\.([0-9]+))? ?(ms|s|min|h|d)$/;

export const DURATION_WANTED = 'a span of time, such as "500ms", "5s", "3min", "1h" or "2d"';

/** Whole milliseconds, or why the text is no span of time. */
export function parseDuration(duration: string): { durationMs: number } | { wanted: string; hint?: string } {
  const [, whole, fraction = "0", unit] = DURATION_PATTERN.exec(duration) ?? [];
  if (whole === undefined) {
    const hint = hintFor(duration);
    return { wanted: DURATION_WANTED, ...(hint === undefined ? {} : { hint }) };
  }
  const durationMs = Number(`${whole}.${fraction}`) * UNITS[unit as keyof typeof UNITS]; // the pattern has no others
  return Number.isSafeInteger(durationMs)
    ? { durationMs }
    : { wanted: `${DURATION_WANTED}, in whole milliseconds` };
}

/** Of a text that the schema has let through. */
export function toDurationMs(duration: string): number {
  const parsed = parseDuration(duration);
  if ("wanted" in parsed) throw new TypeError(`the schema let through the span "${duration}"`);
  return parsed.durationMs;
}

function hintFor(duration: string): string | undefined {
  const number = /^[0-9.]+(?= ?m?$)/.exec(duration)?.[0];
  if (number === undefined) return undefined;
  return duration.endsWith("m") ? `for minutes write "${number}min"` : `for seconds write "${number}s"`;
}

/** `31 s`, `3 min`, `2 h`, `1.5 s`: for people; the largest unit of which there are two at least, or one exactly. */
export function formatMs(durationMs: number): string {
  const round = (value: number) => String(Math.round(value * 10) / 10);
  if (durationMs < 1000) return `${round(durationMs)} ms`;
  if (durationMs < 120_000 && durationMs !== 60_000) return `${round(durationMs / 1000)} s`;
  if (durationMs < 7_200_000) return `${round(durationMs / 60_000)} min`;
  return `${round(durationMs / 3_600_000)} h`;
}
