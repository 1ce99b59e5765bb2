import stringWidth from "string-width";
import type { ProgressEvent } from "#progress/events.ts";
import { fitToWidth, padToWidth } from "../fitToWidth.ts";
import { formatShortDuration } from "../formatDuration.ts";
import type { Marks } from "../marks.ts";
import type { Paint } from "../paint.ts";
import { describeProgress, toFraction, type RunningStep } from "./runningStep.ts";

export interface TerminalStyle {
  readonly marks: Marks;
  readonly paint: Paint;
  /** Of the terminal, in columns. */
  readonly width: number;
}

const NAME_WIDTH = 10;
/** With the longest usual text beside it, this fits 80 columns. */
const BAR_WIDTH = 12;
/** Durations far from their names are hard to read: a wide terminal is not filled. */
const MAX_WIDTH = 90;

/** What stays on the screen when a step has ended, or a note; undefined when nothing does. */
export function renderLastingLine(event: ProgressEvent, style: TerminalStyle): string | undefined {
  const { marks, paint } = style;
  switch (event.kind) {
    case "step-started":
    case "step-progress":
    case "step-detail":
      return undefined;
    case "step-done": {
      if (!event.cached) {
        return toLine(paint("green", marks.ok), event.step, event.detail ?? "", event.tookMs, style);
      }
      const detail = event.detail === undefined ? "CACHED" : `CACHED  ${event.detail}`;
      return toLine(paint("green", marks.ok), event.step, detail, undefined, style);
    }
    case "step-failed":
      // Why is said once, below, when the command has ended.
      return toLine(paint("red", marks.failed), event.step, "failed", event.tookMs, style);
    case "note":
      return event.level === "warning"
        ? `${paint("yellow", marks.warning)} ${event.message}`
        : `  ${event.message}`;
  }
}

/** At most two lines: what runs and for how long, and how far it is. */
export function renderRunningLines(
  step: RunningStep,
  nowMs: number,
  frame: number,
  style: TerminalStyle,
): string[] {
  const { marks, paint, width } = style;
  const spinner = marks.running[frame % marks.running.length] ?? "";
  const first = toLine(paint("cyan", spinner), step.step, step.detail ?? "", nowMs - step.startedMs, style);
  const progress = describeProgress(step, nowMs);
  if (progress === "") return [first];
  const indent = " ".repeat(2 + NAME_WIDTH + 2);
  const text = [renderBar(step, marks), progress].filter((part) => part !== "").join("  ");
  return [first, indent + fitToWidth(text, width - indent.length - 1)];
}

function renderBar(step: RunningStep, marks: Marks): string {
  const fraction = toFraction(step);
  if (fraction === undefined) return "";
  const done = Math.floor(fraction * BAR_WIDTH);
  return marks.barDone.repeat(done) + marks.barLeft.repeat(BAR_WIDTH - done);
}

/** `✓ resolve     212 packages      1.2s`, the duration at the right edge. */
function toLine(
  mark: string,
  step: string,
  detail: string,
  tookMs: number | undefined,
  { paint, width }: TerminalStyle,
): string {
  const duration = tookMs === undefined ? "" : formatShortDuration(tookMs);
  const room = Math.min(width, MAX_WIDTH) - 1 - stringWidth(duration);
  const text = fitToWidth(`  ${padToWidth(step, NAME_WIDTH)}  ${detail}`.trimEnd(), room - 1).slice(1);
  if (duration === "") return `${mark}${text}`;
  return `${mark}${padToWidth(text, room - 1)}${paint("dim", duration)}`;
}
