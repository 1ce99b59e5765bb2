import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { createView as createLook } from "../update/view.ts";
import { renderApplyResult, toApplyResult } from "./applyResult.ts";
import { confirmGeneration, findTrial } from "./confirmTrial.ts";

/** `socle config confirm`: keeps what is on trial. @param number undefined: the one that waits */
export async function confirmConfiguration(
  machine: NamedMachine,
  number: number | undefined,
  { output, stdout, signal, isQuiet }: Pick<CommandContext, "output" | "stdout" | "signal" | "isQuiet">,
): Promise<ExitCode> {
  const generation = number ?? (await findTrial(machine, signal));
  await confirmGeneration(machine, generation, signal);
  const result = toApplyResult(machine.name, { outcome: "applied", generation });
  const render = () => (isQuiet ? `${generation}\n` : renderApplyResult(result, createLook(process.stdout)));
  stdout(await renderResult(result, output, render));
  return EXIT_CODE.ok;
}
