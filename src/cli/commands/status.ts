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
import { fitToWidth } from "../fitToWidth.ts";
import { forEachMachine, type NodeView } from "../forEachMachine.ts";
import { formatDuration } from "../formatDuration.ts";
import { renderStatus } from "../renderStatus.ts";
import { toStatusDocument, type StatusDocument } from "../statusDocument.ts";
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

type StatusContext = Pick<CommandContext, "output" | "stdout" | "stderr" | "report" | "signal">;

/** `socle status`, once it is known which machine is meant. */
export async function showStatus(
  access: MachineAccess,
  { output, stdout, report, signal }: Omit<StatusContext, "stderr">,
): Promise<ExitCode> {
  const document = await readStatus(access, { report, signal });
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

/** `socle status -n a,b,c`: a line each. */
export async function showStatusOfAll(names: readonly string[], context: StatusContext): Promise<ExitCode> {
  const { paint } = createView(process.stdout);
  const toState = ({ healthy, problems, systemState }: StatusDocument) => {
    if (healthy) return paint("green", "healthy");
    return problems.length > 0 ? paint("red", "has problems") : paint("yellow", systemState || "unknown");
  };
  const view: NodeView<StatusDocument, StatusDocument> = {
    kind: "MachineStatusList",
    ask: (machine) => readStatus(machine, context),
    toRows: (document) => [document],
    columns: [
      { header: "STATE", value: toState },
      { header: "RUNNING", value: ({ image, update }) => update?.runningVersion || image.version },
      { header: "SLOT", value: ({ booted }) => booted.slot ?? "–" },
      { header: "UPDATE", value: ({ update }) => update?.phase ?? "–" },
      { header: "UP", value: ({ uptimeUs }) => formatDuration(uptimeUs / 1000) },
      { header: "FIRST PROBLEM", value: ({ problems }) => fitToWidth(problems[0] ?? "", 60) },
    ],
  };
  return forEachMachine(names, view, context);
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
