import type {
  ApplyConfigurationResponse,
  ConfigurationProblem,
} from "#protocol/gen/socle/v1/configuration_pb.ts";

import { callMachine, MachineRefusal } from "../callMachine.ts";
import type { Following, NamedMachine } from "../update/updateMachine.ts";
import { createApplyReporter } from "./applyReporter.ts";
import type { ConfigurationAim } from "./configurationPlan.ts";
import { findApplyEnd } from "./findApplyEnd.ts";

/** What became of a change. */
export type ApplyEnd =
  | { readonly outcome: "applied"; readonly generation: number }
  /** It goes back by itself then, by our clock. */
  | { readonly outcome: "on-trial"; readonly generation: number; readonly until: Date }
  | { readonly outcome: "reverted"; readonly generation: number; readonly because: string }
  /** A trial was ended; what was before it is in force. */
  | { readonly outcome: "taken-back"; readonly generation: number }
  | { readonly outcome: "refused"; readonly problems: readonly ConfigurationProblem[] };

export interface ApplyRequest {
  readonly aim: ConfigurationAim;
  /** In the caller's words. */
  readonly reason: string;
  /** 0: no trial. */
  readonly trialSeconds: number;
  /** The newest generation that the machine had before; a newer one is ours. */
  readonly newest: number;
}

/** A change of the network is noticed by what does not come any more. */
const PING = { pingIntervalMs: 3_000, pingTimeoutMs: 8_000 };

/** What was heard of a change so far. */
interface Heard {
  generation: number;
  isBegun: boolean;
}

/**
 * Has a machine put a configuration in force and shows how it goes, to the end: a connection that the change itself cuts
 * is waited for, for as long as the machine may take to go back.
 */
export async function followApply(
  machine: NamedMachine,
  request: ApplyRequest,
  following: Following,
): Promise<ApplyEnd> {
  const { aim, reason, trialSeconds } = request;
  const { report, signal } = following;
  const reporter = createApplyReporter(report);
  const heard: Heard = { generation: 0, isBegun: false };
  let failure: unknown;
  try {
    const call = { purpose: "apply the configuration", signal, ping: PING };
    const last = await callMachine(machine, call, async ({ configuration }, options) => {
      const steps = configuration.applyConfiguration({ ...aim, reason, trialSeconds }, options);
      let step: ApplyConfigurationResponse | undefined;
      for await (step of steps) {
        reporter.show(step.state, step.says);
        heard.generation = step.generation || heard.generation;
        heard.isBegun ||= step.state === "validated";
      }
      return step;
    });
    const end = last && toEnd(last, request, heard);
    if (end !== undefined) return end;
  } catch (error) {
    // What the machine says itself is the end. All else may be the change: the machine answered a moment ago.
    if (signal.aborted || (error instanceof MachineRefusal && error.code !== "updater-unavailable")) {
      reporter.close();
      throw error;
    }
    failure = error;
  }
  reporter.lose("the connection broke");
  const end = await findApplyEnd(
    machine,
    { ...request, generation: heard.generation, mayWait: true },
    following,
  );
  if (end === undefined) throw failure;
  return end;
}

/** Undefined when that was not its last word. */
function toEnd(
  { state, says, generation, problems }: ApplyConfigurationResponse,
  { trialSeconds }: ApplyRequest,
  heard: Heard,
): ApplyEnd | undefined {
  switch (state) {
    case "refused":
      return { outcome: "refused", problems };
    case "reverted":
      // Nothing new was begun: a trial was ended.
      return heard.isBegun
        ? { outcome: "reverted", generation, because: says }
        : { outcome: "taken-back", generation };
    case "done":
      return trialSeconds === 0
        ? { outcome: "applied", generation }
        : { outcome: "on-trial", generation, until: new Date(Date.now() + trialSeconds * 1000) };
    default:
      return undefined;
  }
}
