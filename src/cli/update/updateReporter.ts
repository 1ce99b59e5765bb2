import type { Report } from "#progress/events.ts";
import { UpdateOutcome, type StepProgress, type UpdateEvent } from "#protocol/gen/socle/v1/update_pb.ts";

import { formatBytes } from "../formatBytes.ts";

export interface UpdateReporter {
  show(event: UpdateEvent): void;
  /** Ends the step that runs: the operation is over, though nobody heard it. */
  close(): void;
}

interface CurrentStep {
  readonly kind: string;
  readonly says: string;
  readonly startedMs: number;
  progress: StepProgress | undefined;
}

/** Tells what a machine does as the steps of a command. A step ends when the next begins. */
export function createUpdateReporter(report: Report): UpdateReporter {
  let current: CurrentStep | undefined;

  function endStep(failure?: string): void {
    if (current === undefined) return;
    const { kind: step, startedMs } = current;
    const tookMs = performance.now() - startedMs;
    if (failure === undefined)
      report({ kind: "step-done", step, tookMs, cached: false, detail: toDetail(current, tookMs) });
    else report({ kind: "step-failed", step, tookMs, message: failure });
    current = undefined;
  }

  function startStep(kind: string, says: string): void {
    endStep();
    current = { kind, says, startedMs: performance.now(), progress: undefined };
    report({ kind: "step-started", step: kind, detail: says });
  }

  return {
    show({ event }) {
      switch (event.case) {
        case "step":
          // The restart is a step of whoever waits for its end.
          if (event.value.kind === "reboot") endStep();
          else startStep(event.value.kind, event.value.says);
          break;
        case "progress": {
          if (current?.kind !== event.value.kind) startStep(event.value.kind, "");
          if (current !== undefined) current.progress = event.value;
          report({
            kind: "step-progress",
            step: event.value.kind,
            done: Number(event.value.doneBytes),
            total: Number(event.value.totalBytes),
            unit: "bytes",
          });
          break;
        }
        case "finished":
          endStep(event.value.outcome === UpdateOutcome.FAILED ? event.value.message : undefined);
          break;
        case "started":
        case "phase":
        case undefined: // of a later machine
          break;
      }
    },
    close: () => endStep(),
  };
}

/** `148.2 MB at 38.0 MB/s, 61.0 MB fetched`, or what the machine says of a step without bytes. */
function toDetail({ says, progress }: CurrentStep, tookMs: number): string {
  if (progress === undefined || progress.doneBytes === 0n) return says;
  const rate = `${formatBytes(Number(progress.doneBytes) / Math.max(tookMs / 1000, 0.001))}/s`;
  const fetched = progress.fetchedBytes > 0n ? `, ${formatBytes(Number(progress.fetchedBytes))} fetched` : "";
  return `${formatBytes(Number(progress.doneBytes))} at ${rate}${fetched}`;
}
