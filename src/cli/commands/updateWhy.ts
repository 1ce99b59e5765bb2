import { callMachine } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { toUpdateTarget, type TargetOptions } from "../update/updateOptions.ts";
import { renderWhy, toWhyDocument } from "../update/updateWhy.ts";
import { isInTheWay } from "../update/updateStateDocument.ts";
import { createView } from "../update/view.ts";

const WHY_TIMEOUT_MS = 120_000;

/** `socle update why`: every gate between a machine and a release. A closed one is an answer, not a failure. */
export async function updateWhy(
  machine: NamedMachine,
  options: TargetOptions,
  { output, stdout, signal, isQuiet }: Pick<CommandContext, "output" | "stdout" | "signal" | "isQuiet">,
): Promise<ExitCode> {
  const call = { purpose: "ask about updates", timeoutMs: WHY_TIMEOUT_MS, signal };
  const target = toUpdateTarget(options);
  const answer = await callMachine(machine, call, ({ update }, callOptions) =>
    update.explainUpdate({ target }, callOptions),
  );
  const why = toWhyDocument(machine.name, answer);
  const render = () =>
    isQuiet
      ? why.gates
          .filter(isInTheWay)
          .map(({ name }) => `${name}\n`)
          .join("")
      : renderWhy(why, createView(process.stdout));
  stdout(await renderResult(why, output, render));
  return EXIT_CODE.ok;
}
