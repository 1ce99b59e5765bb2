import type { MaintenanceWindow } from "./updatePolicy.ts";

const DAY_NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** `Sat, Sun 02:00–04:00 Europe/Paris`, in the order of the week; `daily 02:00–04:00 UTC`. */
export function formatWindow({ days, startMinute, minutes, timeZone }: MaintenanceWindow): string {
  const names = DAY_NAMES.filter((_, index) => days.includes(index + 1));
  const when = names.length === DAY_NAMES.length ? "daily" : names.join(", ");
  return `${when} ${toClock(startMinute)}–${toClock((startMinute + minutes) % 1440)} ${timeZone}`;
}

function toClock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
