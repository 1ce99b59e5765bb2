import { listStepEntries } from "#system/cacheEntries.ts";
import { discard } from "#system/files.ts";
import type { Workspace } from "#system/workspace.ts";

import { IN_USE_MS, planPrune } from "./planPrune.ts";

/** Removes old results at the end of a build, so that the cache does not grow with every change. */
export async function pruneSteps(
  workspace: Workspace,
  usedNow: ReadonlySet<string>,
  nowMs: number,
): Promise<number> {
  const entries = await listStepEntries(workspace);
  const old = planPrune(entries, { keepSinceMs: nowMs - IN_USE_MS, keep: usedNow });
  for (const { path } of old) await discard(path, workspace.work);
  return old.length;
}
