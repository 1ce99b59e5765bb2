import type { RunOptions } from "#boot/runPlan.ts";
import type { SlotVerification } from "#boot/verifySlot.ts";
import type { ImageSource } from "#boot/updateDevices.ts";
import type { SlotProgress } from "#boot/writeSlot.ts";

import type { OperationReport, Progress } from "./operations.ts";
import { sayStep } from "./sayStep.ts";

/** Tells of every step and of its progress. */
export function toStepOptions(report: OperationReport): RunOptions {
  return {
    signal: report.signal,
    onStep: (step, facts) => {
      report.phase(facts);
      report.step(step.kind, sayStep(step));
    },
    onProgress: (progress) => report.progress(toProgress(progress)),
  };
}

/** The kernel image goes past whole, so that its bytes can be counted where they come from. */
export function countUkiBytes(source: ImageSource, totalBytes: number, report: OperationReport): ImageSource {
  return {
    async *read(kind, offsetBytes, sizeBytes) {
      let doneBytes = 0;
      for await (const chunk of source.read(kind, offsetBytes, sizeBytes)) {
        yield chunk;
        doneBytes += chunk.length;
        if (kind === "uki") report.progress(toBytes(doneBytes, totalBytes, doneBytes));
      }
    },
  };
}

function toProgress(progress: SlotProgress | SlotVerification): Progress {
  const { totalBytes } = progress;
  if ("verifiedBytes" in progress) return toBytes(progress.verifiedBytes, totalBytes, 0);
  return toBytes(progress.keptBytes + progress.writtenBytes, totalBytes, progress.fetchedBytes);
}

function toBytes(doneBytes: number, totalBytes: number, fetchedBytes: number): Progress {
  return { doneBytes: BigInt(doneBytes), totalBytes: BigInt(totalBytes), fetchedBytes: BigInt(fetchedBytes) };
}
