import type { GetUpdateStateResponse } from "#protocol/gen/socle/v1/update_pb.ts";

import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import { followBoot } from "./followBoot.ts";
import { followOperation, type OpenEvents } from "./followOperation.ts";
import type { NamedMachine, Patience } from "./updateMachine.ts";
import {
  renderUpdateResult,
  toResultExitCode,
  toUpdateResult,
  toVerdict,
  type Intent,
  type UpdateResult,
} from "./updateResult.ts";
import { createView } from "./view.ts";

/** What a command that follows a machine needs of its surroundings. */
export type FollowContext = Pick<
  CommandContext,
  "stdout" | "stderr" | "report" | "signal" | "output" | "isQuiet" | "isTerminal"
> & { readonly patience?: Patience };

/** Follows an operation over the restart that it may bring, up to the verdict, shows it and returns its exit code. */
export async function followToResult(
  machine: NamedMachine,
  intent: Intent,
  before: Pick<GetUpdateStateResponse, "bootId">,
  open: OpenEvents,
  context: FollowContext,
): Promise<ExitCode> {
  return showWhenDone(machine, context, async () => {
    const end = await followOperation(machine, before, open, context);
    const known = { ...intent, version: end.version || intent.version };
    const { outcome } = end;
    if (outcome !== "rebooting") return toUpdateResult(known, { ...end, outcome });
    return toVerdict(known, await followBoot(machine, { ...before, version: known.version }, context));
  });
}

/** Whoever stops looking on is told that the machine goes on. */
export async function showWhenDone(
  machine: NamedMachine,
  context: FollowContext,
  follow: () => Promise<UpdateResult>,
): Promise<ExitCode> {
  let result: UpdateResult;
  try {
    result = await follow();
  } catch (error) {
    if (!context.signal.aborted) throw error;
    for (const message of renderDetached(machine)) context.report({ kind: "note", level: "info", message });
    return EXIT_CODE.interrupted;
  }
  await showResult(result, context);
  return toResultExitCode(result);
}

export async function showResult(
  result: UpdateResult,
  { stdout, output, isQuiet }: Pick<CommandContext, "stdout" | "output" | "isQuiet">,
): Promise<void> {
  const render = () =>
    isQuiet ? `${result.running}\n` : renderUpdateResult(result, createView(process.stdout));
  stdout(await renderResult(result, output, render));
}

function renderDetached({ name }: NamedMachine): string[] {
  const { command } = createView(process.stderr);
  return [
    `Still running on ${name}.`,
    `  Follow   ${command} update watch ${name}`,
    `  Cancel   ${command} update cancel ${name}`,
  ];
}
