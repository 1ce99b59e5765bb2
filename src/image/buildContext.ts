import type { Definition } from "#definition/definition.ts";
import type { Report } from "#progress/events.ts";
import type { Lock } from "#release/lock.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import type { Workspace } from "#system/workspace.ts";

import type { StepCache } from "./stepCache.ts";

/** What every step of one build shares. */
export interface BuildContext {
  readonly definition: Definition;
  readonly lock: Lock;
  readonly tools: ToolsTree;
  readonly cache: StepCache;
  readonly workspace: Workspace;
  readonly report: Report;
  readonly signal: AbortSignal;
}
