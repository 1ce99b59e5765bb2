import type { Definition } from "#definition/definition.ts";
import type { Check } from "#release/checks/check.ts";
import type { Lock } from "#release/lock.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import type { Workspace } from "#system/workspace.ts";

import type { PackageContext } from "./packageContext.ts";
import type { BuildSigning } from "./buildSigning.ts";
import type { StepCache } from "./stepCache.ts";

/** What every step of one build shares. */
export interface BuildContext extends PackageContext {
  readonly definition: Definition;
  /** Asked before anything of the release is written. */
  readonly checks: readonly Check[];
  /** The module of each function probe on this machine, by the probe's name. */
  readonly probeModules: ReadonlyMap<string, string>;
  readonly lock: Lock;
  readonly tools: ToolsTree;
  readonly signing: BuildSigning;
  readonly cache: StepCache;
  readonly workspace: Workspace;
}
