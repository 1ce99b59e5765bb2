import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { SetHoldResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import { callMachine, type MachineClients } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatRelativeTime } from "../formatRelativeTime.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import type { HoldOptions } from "../update/updateOptions.ts";
import { toHoldDocument } from "../update/updateStateDocument.ts";

type HoldContext = Pick<CommandContext, "output" | "stdout" | "signal" | "isQuiet">;

const HOLD_TIMEOUT_MS = 30_000;

/** `socle update hold`: nothing changes the machine until the hold ends. */
export async function updateHold(
  machine: NamedMachine,
  { reason, until, for: durationMs }: HoldOptions,
  context: HoldContext,
): Promise<ExitCode> {
  const end = until ?? (durationMs === undefined ? undefined : new Date(Date.now() + durationMs));
  const request = { held: true, reason, ...(end && { until: timestampFromDate(end) }) };
  return setHold(machine, request, context);
}

/** `socle update unhold`. One of the configuration stays, and is said to. */
export async function updateUnhold(machine: NamedMachine, context: HoldContext): Promise<ExitCode> {
  return setHold(machine, { held: false }, context);
}

async function setHold(
  machine: NamedMachine,
  request: Parameters<MachineClients["update"]["setHold"]>[0],
  { output, stdout, signal, isQuiet }: HoldContext,
): Promise<ExitCode> {
  const call = { purpose: "set the hold", timeoutMs: HOLD_TIMEOUT_MS, signal };
  const { hold }: SetHoldResponse = await callMachine(machine, call, ({ update }, options) =>
    update.setHold(request, options),
  );
  const held = toHoldDocument(hold);
  const document = { apiVersion: "socle/v1", kind: "UpdateHold", machine: machine.name, hold: held };
  stdout(await renderResult(document, output, () => (isQuiet ? "" : renderHold(machine.name, held))));
  return EXIT_CODE.ok;
}

function renderHold(name: string, hold: ReturnType<typeof toHoldDocument>): string {
  if (hold === null) return `${name} is not held: updates may change it\n`;
  const ends =
    hold.until === null
      ? "ends it"
      : `ends it, or it ends ${formatRelativeTime(new Date(hold.until), new Date())}`;
  return `${name} is held: ${hold.reason}\n  socle update unhold ${name}   ${ends}\n`;
}
