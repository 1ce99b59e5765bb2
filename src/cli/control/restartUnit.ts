import { callMachine } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine } from "../update/updateMachine.ts";

/** A little more than the machine gives it. */
const TIMEOUT_MS = 125_000;

/** `socle services restart UNIT`: waits for what comes of it. A unit that fails is an error in the machine's words. */
export async function restartUnit(
  machine: NamedMachine,
  unit: string,
  { output, stdout, signal, isQuiet }: Pick<CommandContext, "output" | "stdout" | "signal" | "isQuiet">,
): Promise<ExitCode> {
  const { active } = await callMachine(
    machine,
    { purpose: `restart ${unit}`, timeoutMs: TIMEOUT_MS, signal },
    ({ control }, options) => control.restartUnit({ name: unit }, options),
  );
  const document = { apiVersion: "socle/v1", kind: "UnitRestart", machine: machine.name, unit, active };
  const line = `${toMarks(process.env).ok} ${unit} was restarted on ${machine.name}, and is ${active}\n`;
  stdout(await renderResult(document, output, () => (isQuiet ? "" : line)));
  return EXIT_CODE.ok;
}
