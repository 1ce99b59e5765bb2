import { parentPort } from "node:worker_threads";

import { exploreCrashes } from "./exploreCrashes.ts";
import type { CrashCounts, CrashSampling } from "./exploreCrashes.ts";
import { toScenario, VARIANTS } from "./scenarios.ts";

/** The program of a thread of its own: in node:test's thread each promise costs twice as much. */
export interface ExploreJob {
  readonly scenario: string;
  /** Everything is as it should be if none is named. */
  readonly variant?: string;
  readonly sampling: CrashSampling;
}

export type ExploreResult =
  | { readonly kind: "no-violation"; readonly counts: CrashCounts }
  | { readonly kind: "violation"; readonly message: string };

Error.stackTraceLimit = 0; // the exploration stops many lives by an error; a violation says where it was

parentPort?.on("message", (job: ExploreJob) => {
  void explore(job).then((result) => parentPort?.postMessage(result));
});

async function explore({ scenario, variant, sampling }: ExploreJob): Promise<ExploreResult> {
  try {
    const counts = await exploreCrashes(toScenario(scenario, VARIANTS[variant ?? ""]), sampling);
    return { kind: "no-violation", counts };
  } catch (error) {
    return { kind: "violation", message: String(error) };
  }
}
