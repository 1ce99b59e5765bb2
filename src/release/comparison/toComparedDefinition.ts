import type { Definition } from "#definition/definition.ts";
import { toLevelName } from "#definition/levels.ts";

import type { Lock } from "../lock.ts";
import { toSourceDate } from "../manifest.ts";
import type { Sha256 } from "../sha256.ts";
import type { ComparedSystem, Json } from "./comparedSystem.ts";
import { toComparedPackage } from "./compareLocks.ts";

const NOT_BUILT = "is known only when it is built";

export interface LockedDefinition {
  readonly definition: Definition;
  /** As a release's manifest has them. */
  readonly definitionDigest: Sha256;
  readonly lock?: Lock | undefined;
  readonly lockDigest?: Sha256 | undefined;
}

export function toComparedDefinition(locked: LockedDefinition): ComparedSystem {
  const { definition, definitionDigest, lock, lockDigest } = locked;
  const { id, version, policies, executionControl, distribution, sourceDateEpoch } = definition;
  return {
    kind: "definition",
    id,
    version,
    properties: {
      level: toLevelName(policies),
      "policies.usr": policies.usr,
      "policies.etc": policies.etc,
      "policies.var": policies.var,
      executionControl,
      suite: distribution.suite,
      sourceDate: toSourceDate(sourceDateEpoch),
      definitionDigest,
      ...(lockDigest === undefined ? {} : { lockDigest }),
    },
    definition: definition as unknown as Json, // plain data by its type
    ...(lock === undefined ? {} : { lock, packages: lock.packages.map(toComparedPackage) }),
    unknown: {
      packages: "has no lock beside it",
      lock: "has no lock beside it",
      fixes: NOT_BUILT,
      units: NOT_BUILT,
      listeners: NOT_BUILT,
      files: NOT_BUILT,
      kernel: NOT_BUILT,
      artifacts: NOT_BUILT,
    },
  };
}
