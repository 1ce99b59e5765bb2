import type { Report } from "#progress/events.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { Environment, ProgressMode } from "./progressMode.ts";
import type { ProgressRenderer } from "./progressRenderer.ts";

export interface OpenReport {
  readonly report: Report;
  /** Writes something else on the same terminal without tearing what is drawn there. */
  readonly aside: (write: () => void) => void;
  /** Leaves the terminal as it was found. */
  readonly close: () => void;
}

/** Starts to show progress on `stream`. */
export async function createReport(
  mode: ProgressMode,
  stream: NodeJS.WriteStream,
  env: Environment,
  clock: Clock = systemClock,
): Promise<OpenReport> {
  const renderer = await createRenderer(mode, stream, env, clock);
  return {
    report: (event) => renderer.show(event),
    aside: (write) => renderer.aside(write),
    close: () => renderer.close(),
  };
}

async function createRenderer(
  mode: ProgressMode,
  stream: NodeJS.WriteStream,
  env: Environment,
  clock: Clock,
): Promise<ProgressRenderer> {
  // Each brings what it needs: a pipe waits for no cursor, `--help` for none of them.
  switch (mode) {
    case "tty": {
      const [{ createTerminalRenderer }, { toMarks }, { createPaint }] = await Promise.all([
        import("./terminalRenderer.ts"),
        import("../marks.ts"),
        import("../paint.ts"),
      ]);
      return createTerminalRenderer(stream, clock, { marks: toMarks(env), paint: createPaint(stream) });
    }
    case "plain":
      return (await import("./plainRenderer.ts")).createPlainRenderer(stream, clock);
    case "json":
      return (await import("./jsonRenderer.ts")).createJsonRenderer(stream, clock);
    case "quiet":
      return (await import("./quietRenderer.ts")).createQuietRenderer(stream);
  }
}
