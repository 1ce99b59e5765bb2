import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  Phase,
  UpdateOutcome,
  type Gate,
  type GetUpdateStateResponse,
  type UpdateEvent,
} from "#protocol/gen/socle/v1/update_pb.ts";

import { callMachine, MachineRefusal, type MachineCall, type MachineClients } from "../callMachine.ts";
import { createUpdateReporter, type UpdateReporter } from "./updateReporter.ts";
import { waitForState, type Following, type NamedMachine } from "./updateMachine.ts";

/** Begins an operation, or joins one. */
export type OpenEvents = (
  update: MachineClients["update"],
  options: Pick<MachineCall, "signal">,
) => AsyncIterable<{ readonly event?: UpdateEvent | undefined }>;

type Outcome = "up-to-date" | "refused" | "staged" | "rebooting" | "cancelled";

/** A failure is thrown instead. */
const OUTCOMES: Readonly<Record<number, Outcome>> = {
  [UpdateOutcome.UP_TO_DATE]: "up-to-date",
  [UpdateOutcome.REFUSED]: "refused",
  [UpdateOutcome.STAGED]: "staged",
  [UpdateOutcome.REBOOTING]: "rebooting",
  [UpdateOutcome.CANCELLED]: "cancelled",
};

/** How an operation ended, as far as it happens before a restart. */
export interface OperationEnd {
  readonly outcome: Outcome;
  readonly version: string;
  readonly gates: readonly Gate[];
}

const joinEvents: OpenEvents = (update, options) => update.watchUpdates({}, options);

/**
 * Shows an operation up to its end. A connection that breaks in between is made anew; the operation does not
 * mind. One that failed is thrown, in the machine's own words.
 * @param before the machine as it was before the operation began, or is now
 */
export async function followOperation(
  machine: NamedMachine,
  before: Pick<GetUpdateStateResponse, "bootId">,
  open: OpenEvents,
  following: Following,
): Promise<OperationEnd> {
  const reporter = createUpdateReporter(following.report);
  const seen: Seen = { operationId: "", version: "", lastAtMs: 0, lastSequence: 0n };
  let openNext = open;
  for (;;) {
    try {
      const end = await takeEvents(machine, openNext, seen, reporter, following);
      if (end !== undefined) return end;
    } catch (error) {
      // Before the first event nothing is known to have begun.
      if (following.signal.aborted || seen.operationId === "" || error instanceof OperationFailure)
        throw error;
    }
    const end = await findEnd(machine, before, seen, following);
    if (end !== undefined) {
      reporter.close();
      return end;
    }
    openNext = joinEvents;
  }
}

/** What was seen of the operation. Whoever joins it gets its events from the first on. */
interface Seen {
  operationId: string;
  version: string;
  lastAtMs: number;
  lastSequence: bigint;
}

/** That of the operation, in contrast to one of the call. */
class OperationFailure extends MachineRefusal {}

/** Until the operation ends; undefined when the events end before it does. */
async function takeEvents(
  machine: NamedMachine,
  open: OpenEvents,
  seen: Seen,
  reporter: UpdateReporter,
  { signal }: Following,
): Promise<OperationEnd | undefined> {
  return callMachine(machine, { purpose: "follow the update", signal }, async ({ update }, options) => {
    for await (const { event } of open(update, options)) {
      if (event === undefined || !isNews(event, seen)) continue;
      reporter.show(event);
      if (event.event.case === "started") seen.version = event.event.value.version;
      if (event.event.case !== "finished") continue;
      const { version, gates, code, message, hint } = event.event.value;
      const outcome = OUTCOMES[event.event.value.outcome];
      if (outcome === undefined) throw new OperationFailure(code || "machine-failed", message, { hint });
      return { outcome, version, gates };
    }
    return undefined;
  });
}

/** Whether the event is one of the operation's, and the first of it that comes here. Keeps count in `seen`. */
function isNews({ operationId, at, sequence }: UpdateEvent, seen: Seen): boolean {
  if (operationId === "") return false;
  if (seen.operationId === "") seen.operationId = operationId;
  if (operationId !== seen.operationId) return false;
  const atMs = at === undefined ? 0 : timestampDate(at).getTime();
  // Sequences begin anew with an updater that was restarted, so they count within one moment only.
  if (atMs < seen.lastAtMs || (atMs === seen.lastAtMs && sequence <= seen.lastSequence)) return false;
  seen.lastAtMs = atMs;
  seen.lastSequence = sequence;
  return true;
}

/** After the events have broken off: what became of the operation; undefined when it still runs. */
async function findEnd(
  machine: NamedMachine,
  before: Pick<GetUpdateStateResponse, "bootId">,
  seen: Seen,
  following: Following,
): Promise<OperationEnd | undefined> {
  const state = await waitForState(
    machine,
    () => true,
    () => {},
    following,
  );
  const { version } = seen;
  if (state.bootId !== before.bootId) return { outcome: "rebooting", version, gates: [] };
  if (state.operation !== undefined) {
    // An updater that was restarted goes on under a name of its own.
    seen.operationId = state.operation.id;
    return undefined;
  }
  const isStaged = state.phase === Phase.STAGED && (version === "" || state.otherVersion === version);
  if (isStaged) return { outcome: "staged", version: state.otherVersion, gates: [] };
  throw new MachineRefusal(
    "machine-failed",
    `The update of "${machine.name}" has ended, and nobody saw how`,
    {
      hint: "Asking again goes on where it stopped. Why it ended is in the journal of socle-updater.service.",
    },
  );
}
