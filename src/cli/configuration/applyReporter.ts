import type { Report } from "#progress/events.ts";

/** What a machine does when it puts a configuration in force, in this order: the state that says it is done, and its name. */
const STEPS = [
  { done: "validated", step: "validate", detail: "the machine judges the document" },
  { done: "written", step: "store", detail: "as a new generation" },
  { done: "applied", step: "apply", detail: "files, then units" },
  { done: "healthy", step: "health", detail: "is the machine well with it?" },
] as const;

export interface ApplyReporter {
  readonly show: (state: string, says: string) => void;
  /** Nothing is heard any more of what goes on. */
  readonly lose: (why: string) => void;
  readonly close: () => void;
}

/** Tells the states of a change as the steps of a command. */
export function createApplyReporter(report: Report): ApplyReporter {
  let at = 0;
  let startedMs = 0;
  const start = () => {
    const next = STEPS[at];
    startedMs = performance.now();
    if (next !== undefined) report({ kind: "step-started", step: next.step, detail: next.detail });
  };
  const fail = (message: string) => {
    const running = STEPS[at];
    const tookMs = performance.now() - startedMs;
    if (running !== undefined) report({ kind: "step-failed", step: running.step, tookMs, message });
    at = STEPS.length;
  };
  start();
  return {
    show(state, says) {
      if (state === "refused" || state === "reverted") fail(says);
      else if (state === STEPS[at]?.done) {
        const tookMs = performance.now() - startedMs;
        report({ kind: "step-done", step: STEPS[at]?.step ?? "", tookMs, cached: false, detail: says });
        at++;
        start();
      }
    },
    lose: fail,
    close: () => fail("it was not seen to the end"),
  };
}
