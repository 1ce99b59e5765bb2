export const SOURCE_DATE_WANTED =
  'a date between 1980 and 2107, such as "2026-01-01" or "2026-01-01T12:00:00Z", or seconds since 1970';

/** A date, or a time that says its zone: without one it would depend on the machine that builds. */
export const SOURCE_DATE_PATTERN = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** FAT, on the EFI system partition, holds no other times. */
const EARLIEST = Date.UTC(1980, 0, 1) / 1000;
const LATEST = Date.UTC(2107, 11, 31) / 1000;

/** Seconds since 1970, or why the date is none. */
export function parseSourceDate(
  date: string | number,
): { sourceDateEpoch: number } | { wanted: string; hint?: string } {
  const seconds = typeof date === "number" ? date : toSeconds(date);
  if (Number.isInteger(seconds) && seconds >= EARLIEST && seconds <= LATEST)
    return { sourceDateEpoch: seconds };
  if (typeof date === "number" && date > LATEST * 10) {
    return {
      wanted: SOURCE_DATE_WANTED,
      hint: `seconds, not milliseconds: did you mean ${Math.floor(date / 1000)}?`,
    };
  }
  const needsZone = typeof date === "string" && SOURCE_DATE_PATTERN.test(`${date}Z`);
  return { wanted: SOURCE_DATE_WANTED, ...(needsZone ? { hint: `say the time zone: "${date}Z"` } : {}) };
}

function toSeconds(date: string): number {
  if (!SOURCE_DATE_PATTERN.test(date)) return NaN;
  // Date.parse rolls 2026-02-30 over into March; a date that is none must not mean another one.
  const day = new Date(`${date.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date.slice(0, 10)) return NaN;
  return Date.parse(date) / 1000;
}
