import { UpdaterError } from "../updater/updaterError.ts";
import { ControlError } from "./controlError.ts";
import type { RestartLock } from "./controlMachine.ts";

/** What may stand against the end of this boot. */
export interface RestartFacts {
  readonly locks: readonly RestartLock[];
  /** The update that is being written. */
  readonly operation:
    | { readonly kind?: string; readonly version?: string; readonly caller?: string }
    | undefined;
}

/** What a machine is to do, as the sentence of a refusal has it. */
export type RestartPurpose = "restart" | "power off" | "reset";

/**
 * Undefined where nothing stands against it. Not asked here: whether there is a version to go back to. That a machine must
 * not restart without one is a rule for updates, which restart by themselves; an operator knows what they do.
 */
export function refuseRestart(
  purpose: RestartPurpose,
  { locks, operation }: RestartFacts,
  { force }: { readonly force: boolean },
): ControlError | UpdaterError | undefined {
  if (operation !== undefined) {
    const { kind = "", version = "", caller = "" } = operation;
    const what = version === "" ? kind : `${kind} of ${version}`;
    return new UpdaterError(
      "update-running",
      `Cannot ${purpose} now: an update is going on (${what}), asked for by ${caller}`,
      { hint: "Wait for its end: socle update watch\nOr end it first: socle update cancel" },
    );
  }
  if (locks.length === 0 || force) return undefined;
  const names = locks.map(({ name, reason }) => (reason === "" ? name : `${name} (${reason})`));
  return new ControlError("restart-locked", `Cannot ${purpose} now: locked by ${names.join(", ")}`, {
    hint: "Wait until it is done. If you want it all the same, add --force",
  });
}
