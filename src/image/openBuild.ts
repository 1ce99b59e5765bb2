import { removeStaleWorkFolders } from "#system/files.ts";
import { ensureDevelopmentKeys, findKeyFolder } from "#system/keyFolder.ts";
import type { LoadedDefinition } from "#system/loadDefinition.ts";
import type { Workspace } from "#system/workspace.ts";

import type { BuildContext } from "./buildContext.ts";
import type { PackageContext } from "./packageContext.ts";
import { openBuildSigning } from "./openBuildSigning.ts";
import { prepareTools } from "./prepareTools.ts";
import { readLock } from "./resolveLock.ts";
import { StepCache } from "./stepCache.ts";

/** What is to be built: what `loadDefinition` gives, and the folder of keys that was named. */
export type BuildSource = Pick<LoadedDefinition, "definition" | "checks" | "file"> &
  Partial<Pick<LoadedDefinition, "probeModules">> & { readonly keys?: string | undefined };

/** Everything a build needs: the lock that belongs to the definition, the lock's tools, the cache. */
export async function openBuild(
  { definition, checks, probeModules = new Map(), file, keys }: BuildSource,
  workspace: Workspace,
  context: PackageContext,
): Promise<BuildContext> {
  const lock = await readLock(definition, file);
  await removeStaleWorkFolders(workspace.work); // what a killed run left behind
  const tools = await prepareTools(lock.tools, workspace, context);
  const signing = await openBuildSigning(await findKeys({ keys, file }, workspace, context));
  const cache = new StepCache(workspace, context.report);
  return { ...context, definition, checks, probeModules, lock, tools, workspace, signing, cache };
}

/** The keys that were named, those beside the definition, or keys for trying out, made on first use. */
export async function findKeys(
  { keys, file }: { keys?: string | undefined; file: string },
  workspace: Workspace,
  { report }: Pick<PackageContext, "report">,
): Promise<string> {
  const { folder, development } = await findKeyFolder({ option: keys, definitionFile: file, workspace });
  if (development && (await ensureDevelopmentKeys(folder))) {
    report({
      kind: "note",
      level: "info",
      message: "made development keys to sign with; for machines that matter make your own: socle keys init",
    });
  }
  return folder;
}
