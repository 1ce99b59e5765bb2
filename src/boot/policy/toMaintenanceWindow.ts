import { parseBoundedDuration } from "#definition/boundedDuration.ts";
import { UPDATE_DURATIONS, type WeekDay, WEEK_DAYS } from "#definition/updateTexts.ts";

import type { MaintenanceWindow } from "./updatePolicy.ts";

/** A window as a person writes it; its texts have been checked. */
export interface WrittenWindow {
  readonly days?: readonly WeekDay[] | undefined;
  /** `02:00` */
  readonly start: string;
  /** `2h` */
  readonly duration: string;
  readonly timeZone: string;
}

export function toMaintenanceWindow({ days, start, duration, timeZone }: WrittenWindow): MaintenanceWindow {
  const [hours, minutes] = start.split(":").map(Number);
  const length = parseBoundedDuration(duration, UPDATE_DURATIONS.window);
  if (hours === undefined || minutes === undefined || "wanted" in length)
    throw new TypeError(`"${start}" or "${duration}" was let through and is no time`);
  const written = new Set(days ?? WEEK_DAYS);
  return {
    days: WEEK_DAYS.flatMap((day, index) => (written.has(day) ? [index + 1] : [])),
    startMinute: hours * 60 + minutes,
    minutes: length.seconds / 60,
    timeZone,
  };
}
