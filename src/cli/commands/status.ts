import type { GetStatusResponse } from "#protocol/gen/socle/v1/machine_pb.ts";
import type { GetUpdateStateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import {
  callMachine,
  isUnknownCall,
  MachineCallError,
  MachineRefusal,
  type MachineAccess,
} from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { fitToWidth } from "../fitToWidth.ts";
import { formatDuration } from "../formatDuration.ts";
import type { Paint } from "../paint.ts";
import { renderStatus } from "../renderStatus.ts";
import { toStatusDocument, type StatusDocument } from "../statusDocument.ts";
import { fetchUpdateState } from "../update/updateMachine.ts";
import { drawTable } from "../view/drawnTable.ts";
import type { MachineView } from "../view/machineView.ts";

/** Asks a machine for its status. */
export async function fetchStatus(
  access: MachineAccess,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<GetStatusResponse> {
  const call = { purpose: "get the status", timeoutMs, ...(signal && { signal }) };
  return callMachine(access, call, ({ machine }, options) => machine.getStatus({}, options));
}

/** Long enough for a machine under emulation, where one status takes seconds. */
const STATUS_TIMEOUT_MS = 15_000;
/** The updater is a process of its own that may have to be started for the question. */
const UPDATE_STATE_TIMEOUT_MS = 10_000;

/** `socle status`: what runs and what comes next. */
export const statusView: MachineView<StatusDocument> = {
  kind: "MachineStatus",
  ask: readStatus,
  drawAlone: renderStatus,
  draw: (document, { paint }) => [
    drawTable(
      [document],
      [
        { header: "STATE", value: (status) => toState(status, paint) },
        { header: "RUNNING", value: ({ image, update }) => update?.runningVersion || image.version },
        { header: "SLOT", value: ({ booted }) => booted.slot ?? "–" },
        { header: "UPDATE", value: ({ update }) => update?.phase ?? "–" },
        { header: "UP", value: ({ uptimeUs }) => formatDuration(uptimeUs / 1000) },
        { header: "FIRST PROBLEM", value: ({ problems }) => fitToWidth(problems[0] ?? "", 60) },
      ],
      "",
    ),
  ],
};

function toState({ healthy, problems, systemState }: StatusDocument, paint: Paint): string {
  if (healthy) return paint("green", "healthy");
  return problems.length > 0 ? paint("red", "has problems") : paint("yellow", systemState || "unknown");
}

async function readStatus(
  access: MachineAccess,
  { report, signal }: Pick<CommandContext, "report" | "signal">,
): Promise<StatusDocument> {
  const [status, update] = await Promise.all([
    fetchStatus(access, { timeoutMs: STATUS_TIMEOUT_MS, signal }),
    findUpdateState(access, { report, signal }),
  ]);
  return toStatusDocument(status, update);
}

/** Undefined for a system without an updater; and, with a warning, for an updater that does not answer. */
async function findUpdateState(
  access: MachineAccess,
  { report, signal }: Pick<CommandContext, "report" | "signal">,
): Promise<GetUpdateStateResponse | undefined> {
  try {
    return await fetchUpdateState(access, { timeoutMs: UPDATE_STATE_TIMEOUT_MS, signal });
  } catch (error) {
    if (isUnknownCall(error) || !isOfUpdater(error)) return undefined;
    report({ kind: "note", level: "warning", message: `updates are not shown: ${error.message}` });
    return undefined;
  }
}

/** Worth a word. What is wrong with the whole machine is said by the status itself. */
function isOfUpdater(error: unknown): error is MachineCallError | MachineRefusal {
  // A disk without slots is updated in other ways.
  if (error instanceof MachineRefusal) return error.code !== "no-slots";
  return error instanceof MachineCallError && (error.code === "timeout" || error.code === "machine-failed");
}
