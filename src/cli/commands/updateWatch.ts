import { Phase } from "#protocol/gen/socle/v1/update_pb.ts";

import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import { followBoot } from "../update/followBoot.ts";
import { followToResult, showWhenDone, type FollowContext } from "../update/followToResult.ts";
import { fetchUpdateState, type NamedMachine } from "../update/updateMachine.ts";
import { toVerdict, type Intent } from "../update/updateResult.ts";
import { toPhaseWord } from "../update/updateStateDocument.ts";

/** `socle update watch`: follows what goes on, whoever began it, as `apply` does. */
export async function updateWatch(machine: NamedMachine, context: FollowContext): Promise<ExitCode> {
  const state = await fetchUpdateState(machine, context);
  const { operation, phase, runningVersion, wayBackVersion } = state;
  if (operation !== undefined) {
    const intent: Intent = {
      machine: machine.name,
      operation: operation.kind === "rollback" ? "rollback" : "apply",
      from: runningVersion,
      version: operation.version,
    };
    return followToResult(
      machine,
      intent,
      state,
      (update, options) => update.watchUpdates({}, options),
      context,
    );
  }
  if (phase === Phase.TRYING) {
    const intent: Intent = {
      machine: machine.name,
      operation: "apply",
      from: wayBackVersion,
      version: runningVersion,
    };
    return showWhenDone(machine, context, async () =>
      toVerdict(intent, await followBoot(machine, { bootId: undefined, version: runningVersion }, context)),
    );
  }
  const document = {
    apiVersion: "socle/v1",
    kind: "UpdateWatch",
    machine: machine.name,
    running: runningVersion,
    phase: toPhaseWord(phase),
  };
  const render = () =>
    `Nothing goes on on ${machine.name}: it runs ${runningVersion}, and is ${toPhaseWord(phase)}\n`;
  context.stdout(await renderResult(document, context.output, render));
  return EXIT_CODE.ok;
}
