import { formatDuration } from "./formatDuration.ts";

const DAY_MS = 86_400_000;

/** `7 min ago`, `in 6 h`; further away than a day the date: `on 2026-11-22`. */
export function formatRelativeTime(at: Date, now: Date): string {
  const distanceMs = at.getTime() - now.getTime();
  if (Math.abs(distanceMs) >= DAY_MS) return `on ${at.toISOString().slice(0, 10)}`;
  if (Math.abs(distanceMs) < 1_000) return "now";
  const words = formatDuration(toRound(Math.abs(distanceMs)));
  return distanceMs < 0 ? `${words} ago` : `in ${words}`;
}

/** Seconds matter within the last minute, minutes within the last hours. */
function toRound(durationMs: number): number {
  if (durationMs < 60_000) return Math.max(10_000, Math.round(durationMs / 1_000) * 1_000);
  const stepMs = durationMs < 10 * 3_600_000 ? 60_000 : 3_600_000;
  return Math.round(durationMs / stepMs) * stepMs;
}
