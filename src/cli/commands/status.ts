import { stringify } from "yaml";
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
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderStatus } from "../renderStatus.ts";
import { toStatusDocument } from "../statusDocument.ts";
import { fetchUpdateState } from "../update/updateMachine.ts";
import { createView } from "../update/view.ts";

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

/** `socle status`, once it is known which machine is meant. */
export async function showStatus(
  access: MachineAccess,
  { output, stdout, report, signal }: Pick<CommandContext, "output" | "stdout" | "report" | "signal">,
): Promise<ExitCode> {
  const [status, update] = await Promise.all([
    fetchStatus(access, { timeoutMs: STATUS_TIMEOUT_MS, signal }),
    findUpdateState(access, { report, signal }),
  ]);
  const document = toStatusDocument(status, update);
  switch (output) {
    case "table":
      stdout(renderStatus(document, createView(process.stdout)));
      break;
    case "json":
      stdout(`${JSON.stringify(document)}\n`);
      break;
    case "yaml":
      stdout(stringify(document));
      break;
  }
  return EXIT_CODE.ok;
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
