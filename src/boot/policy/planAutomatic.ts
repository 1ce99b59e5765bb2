import { isRunningRelease, type UpdateFacts } from "../updateFacts.ts";
import { derivePhase } from "../updatePhase.ts";
import { toDeployment, type UpdateRelease } from "../updateRelease.ts";
import type { Gate, GateFacts } from "./gate.ts";
import { listAllGates, listStopping } from "./listAllGates.ts";

/** What a machine does by itself now. */
export type AutomaticPlan =
  | { readonly kind: "nothing"; readonly because: "busy" | "up-to-date" }
  /** `gates`: those in the way of the next step. */
  | { readonly kind: "nothing"; readonly because: "gates"; readonly gates: readonly Gate[] }
  /** Puts the release beside what runs, and leaves it there. */
  | { readonly kind: "stage"; readonly gates: readonly Gate[] }
  /** Staging takes its time: look again before the restart. */
  | { readonly kind: "stage-and-reboot" }
  /** It is staged. */
  | { readonly kind: "reboot" };

/** `isBusy`: an operation runs. What the facts' limits permit was asked for by a person, and counts for nothing here. */
export function planAutomatic(asked: GateFacts, isBusy: boolean): AutomaticPlan {
  if (isBusy) return { kind: "nothing", because: "busy" };
  const input = withoutPermissions(asked);
  const { facts, release } = input;
  const gates = listAllGates(input);
  const stopsInstall = listStopping(gates, "machine", "install");
  if (facts === undefined || release === undefined)
    return { kind: "nothing", because: "gates", gates: stopsInstall };
  if (isRunningRelease(facts, release.update)) return { kind: "nothing", because: "up-to-date" };
  if (stopsInstall.length > 0) return { kind: "nothing", because: "gates", gates: stopsInstall };

  const stopsRestart = listStopping(gates, "machine", "restart");
  const isThere = isStaged(facts, release.update);
  if (stopsRestart.length === 0) return { kind: isThere ? "reboot" : "stage-and-reboot" };
  return isThere
    ? { kind: "nothing", because: "gates", gates: stopsRestart }
    : { kind: "stage", gates: stopsRestart };
}

/**
 * When it is worth looking again: the machine does nothing by itself before. Undefined when that depends
 * on something that has no time, or when nothing is in the way.
 */
export function nextAutomaticAt(plan: AutomaticPlan): Date | undefined {
  if (!("gates" in plan) || plan.gates.length === 0) return undefined;
  const times = plan.gates.map(({ opensAt }) => opensAt?.getTime());
  if (!times.every((time) => time !== undefined)) return undefined;
  return new Date(Math.max(...times));
}

/** The next boot starts exactly this release. */
export function isStaged(facts: UpdateFacts, release: UpdateRelease): boolean {
  const phase = derivePhase(facts);
  if (phase.phase !== "staged" || phase.version !== release.version) return false;
  const wanted = toDeployment(release);
  return phase.deployment.rootHash === wanted.rootHash && phase.deployment.ukiSha256 === wanted.ukiSha256;
}

function withoutPermissions(input: GateFacts): GateFacts {
  const { facts } = input;
  if (facts === undefined) return input;
  return {
    ...input,
    facts: { ...facts, limits: { ...facts.limits, allowDowngrade: false, retryFailed: false } },
  };
}
