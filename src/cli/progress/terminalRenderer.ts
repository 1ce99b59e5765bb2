import { createLogUpdate } from "log-update";
import type { Clock } from "./clock.ts";
import type { ProgressRenderer } from "./progressRenderer.ts";
import { toRunningSteps, type RunningSteps } from "./runningStep.ts";
import { renderLastingLine, renderRunningLines, type TerminalStyle } from "./terminalLines.ts";

const FRAME_MS = 100;

/** For people: ended steps scroll up, running ones are redrawn below them. */
export function createTerminalRenderer(
  stream: NodeJS.WriteStream,
  clock: Clock,
  style: Omit<TerminalStyle, "width">,
): ProgressRenderer {
  const live = createLogUpdate(stream);
  let steps: RunningSteps = new Map();
  let frame = 0;

  function toStyle(): TerminalStyle {
    return { ...style, width: stream.columns || 80 };
  }

  function draw(): void {
    if (steps.size === 0) return;
    const lines = [...steps.values()].flatMap((step) =>
      renderRunningLines(step, clock.elapsedMs(), frame, toStyle()),
    );
    live(lines.join("\n"));
  }

  const stopTimer = clock.every(FRAME_MS, () => {
    frame += 1;
    draw();
  });

  return {
    show(event) {
      steps = toRunningSteps(steps, event, clock.elapsedMs());
      // Progress comes in thousands; the next frame shows it.
      if (event.kind === "step-progress") return;
      const line = renderLastingLine(event, toStyle());
      if (line !== undefined) live.persist(line);
      draw();
    },
    aside(write) {
      live.clear();
      write();
      draw();
    },
    close() {
      stopTimer();
      live.clear();
      live.done();
    },
  };
}
