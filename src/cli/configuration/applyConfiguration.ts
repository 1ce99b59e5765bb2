import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import type { NamedMachine, Patience } from "../update/updateMachine.ts";
import { createView as createLook } from "../update/view.ts";
import { renderApplyResult, toApplyExitCode, toApplyResult } from "./applyResult.ts";
import { listGenerations } from "./configurationHistory.ts";
import type { ConfigurationAim } from "./configurationPlan.ts";
import { askForTrial, type AskInTime } from "./confirmTrial.ts";
import { followApply, type ApplyEnd } from "./followApply.ts";

export type ApplyContext = Pick<
  CommandContext,
  "stdout" | "stderr" | "report" | "signal" | "output" | "isQuiet" | "isTerminal"
> & { readonly patience?: Patience; readonly ask?: AskInTime };

export interface ApplyOptions {
  readonly reason?: string;
  /** Milliseconds. */
  readonly try?: number;
}

/** `socle config apply`: up to the end, or to the confirmation that a trial waits for. */
export async function applyConfiguration(
  machine: NamedMachine,
  aim: ConfigurationAim,
  { reason = "", try: trialMs = 0 }: ApplyOptions,
  context: ApplyContext,
): Promise<ExitCode> {
  const newest = (await listGenerations(machine, context))[0]?.number ?? 0;
  const request = { aim, reason, trialSeconds: Math.ceil(trialMs / 1000), newest };
  let end: ApplyEnd;
  try {
    end = await followApply(machine, request, context);
    if (end.outcome === "on-trial" && context.isTerminal)
      end = await askForTrial(machine, end, context, context.ask);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    const { command } = createLook(process.stderr);
    context.stderr(
      `What goes on on ${machine.name} goes on. See  ${command} config history ${machine.name}\n`,
    );
    return EXIT_CODE.interrupted;
  }
  return showApplyEnd(machine, end, context);
}

/** `socle config rollback`: the document of a generation, as a new one. During a trial: what is current, and so its end. */
export async function rollBackConfiguration(
  machine: NamedMachine,
  generation: number | undefined,
  options: ApplyOptions,
  context: ApplyContext,
): Promise<ExitCode> {
  const aim = { generation: generation ?? (await findRollbackTarget(machine, context.signal)) };
  return applyConfiguration(machine, aim, options, context);
}

/** 0 when there was none before: what the machine starts with. */
async function findRollbackTarget(machine: NamedMachine, signal: AbortSignal): Promise<number> {
  const generations = await listGenerations(machine, { signal });
  const isTrial = generations.some(({ state }) => state === "trial");
  const target = generations.find(({ state }) => state === (isTrial ? "current" : "previous"));
  return target?.number ?? 0;
}

async function showApplyEnd(
  { name }: NamedMachine,
  end: ApplyEnd,
  { stdout, output, isQuiet }: ApplyContext,
): Promise<ExitCode> {
  const result = toApplyResult(name, end);
  const render = () =>
    isQuiet ? `${result.generation ?? ""}\n` : renderApplyResult(result, createLook(process.stdout));
  stdout(await renderResult(result, output, render));
  return toApplyExitCode(result);
}
