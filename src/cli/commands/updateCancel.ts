import { callMachine } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine } from "../update/updateMachine.ts";

const CANCEL_TIMEOUT_MS = 30_000;

/** `socle update cancel`. That there is nothing to cancel is no failure. */
export async function updateCancel(
  machine: NamedMachine,
  { output, stdout, signal, isQuiet }: Pick<CommandContext, "output" | "stdout" | "signal" | "isQuiet">,
): Promise<ExitCode> {
  const call = { purpose: "cancel the update", timeoutMs: CANCEL_TIMEOUT_MS, signal };
  const { cancelled } = await callMachine(machine, call, ({ update }, options) =>
    update.cancelUpdate({}, options),
  );
  const document = { apiVersion: "socle/v1", kind: "UpdateCancelled", machine: machine.name, cancelled };
  const render = () => {
    if (isQuiet) return "";
    return cancelled
      ? `${machine.name} stops after what it is doing, and boots what it booted before\n`
      : `Nothing goes on on ${machine.name} that could be cancelled\n`;
  };
  stdout(await renderResult(document, output, render));
  return EXIT_CODE.ok;
}
