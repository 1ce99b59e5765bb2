import { confirm } from "../confirm.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { renderResult } from "../renderResult.ts";
import { followToResult, showResult, type FollowContext } from "../update/followToResult.ts";
import { fetchUpdateState, type NamedMachine } from "../update/updateMachine.ts";
import type { RollbackOptions } from "../update/updateOptions.ts";
import { toRefusal, toResultExitCode, type Intent } from "../update/updateResult.ts";
import { toUpdateStateDocument, type UpdateStateDocument } from "../update/updateStateDocument.ts";

/** `socle rollback`: back to the version beside the running one, followed like an update. */
export async function rollback(
  machine: NamedMachine,
  options: RollbackOptions,
  context: FollowContext,
): Promise<ExitCode> {
  const state = await fetchUpdateState(machine, context);
  const plan = toRollbackDocument(machine.name, toUpdateStateDocument(state), options);
  const intent: Intent = {
    machine: machine.name,
    operation: "rollback",
    from: state.runningVersion,
    version: plan.version ?? "",
  };
  if (plan.version === null) {
    const result = toRefusal(intent, [NO_WAY_BACK]);
    await showResult(result, context);
    return toResultExitCode(result);
  }
  if (options.dryRun === true) {
    context.stdout(await renderResult(plan, context.output, () => renderRollbackPlan(plan)));
    return EXIT_CODE.ok;
  }
  if (!(await confirm(renderRollbackPlan(plan), options, context))) {
    context.stderr("Nothing was changed.\n");
    return EXIT_CODE.failed;
  }
  const { reboot } = options;
  return followToResult(
    machine,
    intent,
    state,
    (update, callOptions) => update.rollback({ reboot }, callOptions),
    context,
  );
}

/** The machine would say the same; without this there would be nothing to say yes to. */
const NO_WAY_BACK = {
  name: "way-back",
  open: false,
  says: "there is no other version on this machine that was found good",
  opensAt: null,
  hint: null,
  lookedAt: true,
  automaticOnly: false,
};

/** For programs: `socle rollback --dry-run -o json`. */
function toRollbackDocument(
  machine: string,
  { runningVersion, wayBackVersion, otherVersion, phase, slots }: UpdateStateDocument,
  { reboot }: RollbackOptions,
) {
  // What was not tried yet needs no restart to be taken back.
  const takesBack = phase === "staged" ? otherVersion : null;
  const version = takesBack === null ? wayBackVersion : runningVersion;
  return {
    apiVersion: "socle/v1",
    kind: "RollbackPlan",
    machine,
    runningVersion,
    /** null when there is nothing to go back to. */
    version,
    /** Staged, and not started any more; null when nothing is staged. */
    takesBack,
    slot:
      slots.find((slot) => slot.version === version && slot.running === (takesBack !== null))?.slot ?? null,
    reboot: reboot && takesBack === null,
  };
}

function renderRollbackPlan({
  machine,
  runningVersion,
  version,
  takesBack,
  slot,
  reboot,
}: ReturnType<typeof toRollbackDocument>): string {
  if (takesBack !== null)
    return `Plan for ${machine}   ${takesBack} is staged and will not start; ${runningVersion} stays\n`;
  return [
    `Plan for ${machine}   ${runningVersion} → ${version} (${slot === null ? "" : `slot ${slot}, `}good)`,
    `  reboot       ${reboot ? "now" : "not now: it starts at the next boot"}`,
    "  data         /var stays as it is",
    "",
  ].join("\n");
}
