import { stringify } from "yaml";
import type { GetStatusResponse } from "#protocol/gen/socle/v1/machine_pb.ts";

import { callMachine, type MachineAccess } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { createPaint } from "../paint.ts";
import { renderStatus } from "../renderStatus.ts";
import { toStatusDocument } from "../statusDocument.ts";

/** Asks a machine for its status. */
export async function fetchStatus(
  access: MachineAccess,
  { timeoutMs }: { timeoutMs: number },
): Promise<GetStatusResponse> {
  return callMachine(access, { purpose: "get the status", timeoutMs }, (client, options) =>
    client.getStatus({}, options),
  );
}

/** Long enough for a machine under emulation, where one status takes seconds. */
const STATUS_TIMEOUT_MS = 15_000;

/** `socle status`, once it is known which machine is meant. */
export async function showStatus(
  access: MachineAccess,
  { output, stdout }: Pick<CommandContext, "output" | "stdout">,
): Promise<ExitCode> {
  const status = await fetchStatus(access, { timeoutMs: STATUS_TIMEOUT_MS });
  switch (output) {
    case "table":
      stdout(renderStatus(status, createPaint(process.stdout)));
      break;
    case "json":
      stdout(`${JSON.stringify(toStatusDocument(status))}\n`);
      break;
    case "yaml":
      stdout(stringify(toStatusDocument(status)));
      break;
  }
  return EXIT_CODE.ok;
}
