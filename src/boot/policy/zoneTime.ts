/** A moment on the wall clock of a zone, as if that were UTC: milliseconds since 1970. */
export type WallTime = number;

const HOUR_MS = 3_600_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far a zone's wall clock is ahead of UTC. @throws {RangeError} for a zone that Intl does not know. */
export function zoneOffsetMs(timeZone: string, at: number): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    formats.set(timeZone, format); // making one costs a hundred times what using it does
  }
  const text = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
  // "GMT", "GMT+05:30"; seconds in the years before zones.
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -ms : ms;
}

export function toWallTime(timeZone: string, at: number): WallTime {
  return at + zoneOffsetMs(timeZone, at);
}

/**
 * The first moment at which a zone's wall clock shows `wall` or later. Of an hour that comes twice it is
 * the first one; for one that is skipped, the moment after the gap.
 */
export function findMoment(timeZone: string, wall: WallTime): number {
  // No zone is further from UTC than a day, and none changes its offset twice within three.
  const [before, after] = [
    zoneOffsetMs(timeZone, wall - 24 * HOUR_MS),
    zoneOffsetMs(timeZone, wall + 24 * HOUR_MS),
  ];
  const first = wall - Math.max(before, after);
  const fits = [first, wall - Math.min(before, after)].find((at) => toWallTime(timeZone, at) === wall);
  return fits ?? findJump(timeZone, wall, first, wall - Math.min(before, after));
}

/** `wall` is skipped: the clock jumps over it between these two moments. */
function findJump(timeZone: string, wall: WallTime, from: number, to: number): number {
  let [low, high] = [from, to];
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (toWallTime(timeZone, middle) >= wall) high = middle;
    else low = middle;
  }
  return high;
}
