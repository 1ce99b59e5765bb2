/**
 * What long work says while it runs. Makers emit these; the CLI draws them (terminal, plain lines,
 * JSON lines); nothing else flows back, so a user interface never owns the control flow.
 */
export type ProgressEvent =
  | { readonly kind: "step-started"; readonly step: string; readonly detail?: string }
  | {
      readonly kind: "step-progress";
      readonly step: string;
      readonly done: number;
      /** Absent while the total is not known. */
      readonly total?: number;
      readonly unit: "bytes" | "items";
      readonly detail?: string;
    }
  /** What a step without a measure is doing now. */
  | { readonly kind: "step-detail"; readonly step: string; readonly detail: string }
  | {
      readonly kind: "step-done";
      readonly step: string;
      readonly tookMs: number;
      /** True when the result came from the cache and nothing was done. */
      readonly cached: boolean;
      readonly detail?: string;
    }
  | { readonly kind: "step-failed"; readonly step: string; readonly tookMs: number; readonly message: string }
  | { readonly kind: "note"; readonly level: "info" | "warning"; readonly message: string };

export type Report = (event: ProgressEvent) => void;

/** Runs one step between its start and end events. `work` may return a detail for the end line. */
export async function reportStep<T>(
  report: Report,
  step: string,
  work: () => Promise<{ value: T; cached?: boolean; detail?: string }>,
): Promise<T> {
  const startedAt = performance.now();
  report({ kind: "step-started", step });
  try {
    const { value, cached = false, detail } = await work();
    report({
      kind: "step-done",
      step,
      tookMs: performance.now() - startedAt,
      cached,
      ...(detail === undefined ? {} : { detail }),
    });
    return value;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    report({ kind: "step-failed", step, tookMs: performance.now() - startedAt, message });
    throw error;
  }
}
