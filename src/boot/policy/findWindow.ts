import type { MaintenanceWindow } from "./updatePolicy.ts";
import { findMoment, toWallTime } from "./zoneTime.ts";

/** A window that is open, or the next one that will be. */
export interface FoundWindow {
  readonly isOpen: boolean;
  readonly opensAt: Date;
  readonly closesAt: Date;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * A window opens when its zone's wall clock first shows its start or later on one of its days, and
 * stays open for its length in real time, whatever the wall clock does meanwhile.
 */
export function findWindow(window: MaintenanceWindow, now: Date): FoundWindow {
  const { timeZone, startMinute, minutes, days } = window;
  const wall = toWallTime(timeZone, now.getTime());
  const today = wall - modulo(wall, DAY_MS);
  // From two days ago, as one may be open that began then; nine days on there is each weekday once more.
  for (let day = today - 2 * DAY_MS; day <= today + 9 * DAY_MS; day += DAY_MS) {
    if (!days.includes(toWeekday(day))) continue;
    const opens = findMoment(timeZone, day + startMinute * MINUTE_MS);
    const closes = opens + minutes * MINUTE_MS;
    if (closes <= now.getTime()) continue;
    return { isOpen: opens <= now.getTime(), opensAt: new Date(opens), closesAt: new Date(closes) };
  }
  throw new RangeError("a window has at least one day of the week");
}

/** ISO 8601: 1 is Monday. The first of January 1970 was a Thursday. */
function toWeekday(day: number): number {
  return modulo(day / DAY_MS + 3, 7) + 1;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
