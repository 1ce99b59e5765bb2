import type { ProgressEvent } from "#progress/events.ts";
import { padToWidth } from "../fitToWidth.ts";
import { formatShortDuration, formatStopwatch } from "../formatDuration.ts";
import type { Clock } from "./clock.ts";
import type { ProgressRenderer } from "./progressRenderer.ts";
import { describeProgress, toRunningSteps, type RunningSteps } from "./runningStep.ts";

/** A log that is silent for longer looks like a build that hangs. */
const SIGN_OF_LIFE_MS = 10_000;
const NAME_WIDTH = 10;

/** For logs: a line when a step starts, a line when it ends, and a sign of life in between. */
export function createPlainRenderer(stream: NodeJS.WritableStream, clock: Clock): ProgressRenderer {
  const startedMs = clock.elapsedMs();
  let steps: RunningSteps = new Map();
  const saidMs = new Map<string, number>();

  function say(line: string): void {
    stream.write(`[${formatStopwatch(clock.elapsedMs() - startedMs)}] ${line}\n`);
  }

  function saySignsOfLife(): void {
    const nowMs = clock.elapsedMs();
    for (const step of steps.values()) {
      if (nowMs - (saidMs.get(step.step) ?? step.startedMs) < SIGN_OF_LIFE_MS) continue;
      saidMs.set(step.step, nowMs);
      const progress = describeProgress(step, nowMs) || step.detail;
      const sinceStart = `running for ${formatShortDuration(nowMs - step.startedMs)}`;
      say(toLine(step.step, sinceStart, progress));
    }
  }

  const stopTimer = clock.every(1_000, saySignsOfLife);
  return {
    show(event) {
      steps = toRunningSteps(steps, event, clock.elapsedMs());
      if (event.kind === "step-started" || event.kind === "step-done" || event.kind === "step-failed")
        saidMs.delete(event.step);
      const line = toPlainLine(event);
      if (line !== undefined) say(line);
    },
    aside: (write) => write(),
    close: stopTimer,
  };
}

function toPlainLine(event: ProgressEvent): string | undefined {
  switch (event.kind) {
    case "step-started":
      return toLine(event.step, "started", event.detail);
    case "step-progress":
    case "step-detail":
      return undefined;
    case "step-done":
      return toLine(
        event.step,
        event.cached ? "cached" : `done ${formatShortDuration(event.tookMs)}`,
        event.detail,
      );
    case "step-failed":
      return toLine(
        event.step,
        `failed after ${formatShortDuration(event.tookMs)}`,
        toFirstLine(event.message),
      );
    case "note":
      return event.level === "warning" ? `warning: ${event.message}` : event.message;
  }
}

function toLine(step: string, state: string, detail: string | undefined): string {
  const text = detail === undefined || detail === "" ? state : `${state}  ${detail}`;
  return `${padToWidth(step, NAME_WIDTH)} ${text}`;
}

function toFirstLine(message: string): string {
  return message.split("\n", 1)[0] ?? "";
}
