import type { Definition } from "#definition/definition.ts";
import { removeStaleWorkFolders } from "#system/files.ts";
import type { Workspace } from "#system/workspace.ts";

import type { BuildContext } from "./buildContext.ts";
import type { PackageContext } from "./packageContext.ts";
import { prepareTools } from "./prepareTools.ts";
import { readLock } from "./resolveLock.ts";
import { StepCache } from "./stepCache.ts";

/** Everything a build needs: the lock that belongs to the definition, the lock's tools, the cache. */
export async function openBuild(
  { definition, file }: { definition: Definition; file: string },
  workspace: Workspace,
  context: PackageContext,
): Promise<BuildContext> {
  const lock = await readLock(definition, file);
  await removeStaleWorkFolders(workspace.work); // what a killed run left behind
  const tools = await prepareTools(lock.tools, workspace, context);
  return { ...context, definition, lock, tools, workspace, cache: new StepCache(workspace, context.report) };
}
