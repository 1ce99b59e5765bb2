import type { ProgressEvent } from "#progress/events.ts";

/** One way to show progress. It owns its stream between `show` and `close`. */
export interface ProgressRenderer {
  show(event: ProgressEvent): void;
  /** Writes something else on the same terminal without tearing what is drawn there. */
  aside(write: () => void): void;
  close(): void;
}
