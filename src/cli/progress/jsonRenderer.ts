import type { ProgressEvent } from "#progress/events.ts";
import type { Clock } from "./clock.ts";
import type { ProgressRenderer } from "./progressRenderer.ts";

/** A download reports every block; a machine needs two a second. */
const PROGRESS_INTERVAL_MS = 500;

/** One JSON object a line: the event with the time in `at` (RFC 3339, UTC) before it. */
export function createJsonRenderer(stream: NodeJS.WritableStream, clock: Clock): ProgressRenderer {
  const shownMs = new Map<string, number>();

  function isDue(event: ProgressEvent): boolean {
    if (event.kind !== "step-progress") return true;
    const lastMs = shownMs.get(event.step);
    if (lastMs !== undefined && clock.elapsedMs() - lastMs < PROGRESS_INTERVAL_MS) return false;
    shownMs.set(event.step, clock.elapsedMs());
    return true;
  }

  return {
    show(event) {
      if (!isDue(event)) return;
      const rounded = "tookMs" in event ? { ...event, tookMs: Math.round(event.tookMs) } : event;
      stream.write(`${JSON.stringify({ at: clock.date().toISOString(), ...rounded })}\n`);
    },
    aside: (write) => write(),
    close() {},
  };
}
