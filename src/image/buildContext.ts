import type { Definition } from "#definition/definition.ts";
import type { Lock } from "#release/lock.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import type { Workspace } from "#system/workspace.ts";

import type { PackageContext } from "./packageContext.ts";
import type { StepCache } from "./stepCache.ts";

/** What every step of one build shares. */
export interface BuildContext extends PackageContext {
  readonly definition: Definition;
  readonly lock: Lock;
  readonly tools: ToolsTree;
  readonly cache: StepCache;
  readonly workspace: Workspace;
}
