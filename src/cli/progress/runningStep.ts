import type { ProgressEvent } from "#progress/events.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatDuration } from "../formatDuration.ts";

type StepProgress = Extract<ProgressEvent, { kind: "step-progress" }>;

export interface RunningStep {
  readonly step: string;
  readonly startedMs: number;
  readonly detail: string | undefined;
  readonly progress: StepProgress | undefined;
  /** The first progress of the step: a rate is measured from here, so that a resumed download is not credited. */
  readonly measuredFrom: { readonly atMs: number; readonly done: number } | undefined;
}

/** By name, in the order in which they started. */
export type RunningSteps = ReadonlyMap<string, RunningStep>;

/** The steps that run after this event. */
export function toRunningSteps(steps: RunningSteps, event: ProgressEvent, nowMs: number): RunningSteps {
  switch (event.kind) {
    case "step-started":
      return new Map(steps).set(event.step, start(event.step, event.detail, nowMs));
    case "step-progress": {
      const step = steps.get(event.step) ?? start(event.step, undefined, nowMs);
      return new Map(steps).set(event.step, {
        ...step,
        detail: event.detail ?? step.detail,
        progress: event,
        measuredFrom: step.measuredFrom ?? { atMs: nowMs, done: event.done },
      });
    }
    case "step-detail": {
      const step = steps.get(event.step) ?? start(event.step, undefined, nowMs);
      return new Map(steps).set(event.step, { ...step, detail: event.detail });
    }
    case "step-done":
    case "step-failed": {
      const left = new Map(steps);
      left.delete(event.step);
      return left;
    }
    case "note":
      return steps;
  }
}

function start(step: string, detail: string | undefined, nowMs: number): RunningStep {
  return { step, startedMs: nowMs, detail, progress: undefined, measuredFrom: undefined };
}

/** A rate from less than this is a guess. */
const MEASURE_MS = 3_000;

export interface Pace {
  readonly perSecond: number;
  /** Absent while the total is unknown or nothing moves. */
  readonly leftMs: number | undefined;
}

/** Average speed and time left; undefined until there was time to measure. */
export function toPace({ progress, measuredFrom }: RunningStep, nowMs: number): Pace | undefined {
  if (progress === undefined || measuredFrom === undefined || nowMs - measuredFrom.atMs < MEASURE_MS)
    return undefined;
  const perSecond = (progress.done - measuredFrom.done) / ((nowMs - measuredFrom.atMs) / 1000);
  if (perSecond <= 0) return undefined;
  const left = progress.total === undefined ? undefined : Math.max(0, progress.total - progress.done);
  return { perSecond, leftMs: left === undefined ? undefined : (left / perSecond) * 1000 };
}

/** Between 0 and 1; undefined while the total is unknown. */
export function toFraction({ progress }: RunningStep): number | undefined {
  if (progress?.total === undefined || progress.total <= 0) return undefined;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}

/** `45 % · 12.3 MB of 27.0 MB · 4.1 MB/s · 4 s left`, as far as it is known; empty without progress. */
export function describeProgress(step: RunningStep, nowMs: number): string {
  const { progress } = step;
  if (progress === undefined) return "";
  const format = (amount: number): string =>
    progress.unit === "bytes" ? formatBytes(amount) : String(Math.round(amount));
  const fraction = toFraction(step);
  const pace = toPace(step, nowMs);
  const parts = [
    fraction === undefined ? undefined : `${Math.floor(fraction * 100)} %`,
    progress.total === undefined
      ? format(progress.done)
      : `${format(progress.done)} of ${format(progress.total)}`,
    pace === undefined ? undefined : `${format(pace.perSecond)}/s`,
    pace?.leftMs === undefined ? undefined : `${formatDuration(roundToSeconds(pace.leftMs))} left`,
  ];
  return parts.filter((part) => part !== undefined).join(" · ");
}

/** Tenths of an estimate only flicker. */
function roundToSeconds(durationMs: number): number {
  return Math.ceil(durationMs / 1000) * 1000;
}
