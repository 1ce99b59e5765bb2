import type { ResetKind } from "#boot/resetRequest.ts";
import { hasVarPartition } from "#boot/levelMounts.ts";
import type { TreePolicies } from "#definition/levels.ts";

import { ControlError } from "./controlError.ts";

export interface ResetFacts {
  readonly hostName: string;
  readonly policies: TreePolicies;
}

export interface ResetWish {
  readonly confirmName: string;
  readonly keepConfiguration: boolean;
}

/** Undefined: the restart alone is the reset, since nothing outlasts it. Throws where it is refused. */
export function planReset(
  { hostName, policies }: ResetFacts,
  { confirmName, keepConfiguration }: ResetWish,
): ResetKind | undefined {
  if (confirmName !== hostName)
    throw new ControlError(
      "name-differs",
      `Refused to reset: this machine is "${hostName}", and "${confirmName}" was named`,
      { hint: "Name the machine as it calls itself; socle status shows it." },
    );
  if (hasVarPartition(policies)) return keepConfiguration ? "keep-configuration" : "everything";
  if (policies.var !== "temporary")
    throw new ControlError(
      "reset-not-possible",
      "Cannot reset: on this system /var is part of the writable root, and nothing tells what it was at first",
      { hint: "Write the disk image anew, or use a level from semi on." },
    );
  if (keepConfiguration)
    throw new ControlError(
      "reset-not-possible",
      "Cannot keep the configuration: /var is in memory on this system, so that a restart takes all of it",
      { hint: "Reset without keeping it. What the image or a credential configures is there again." },
    );
  return undefined;
}
