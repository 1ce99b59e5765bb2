import type { Definition } from "#definition/definition.ts";
import { reportStep } from "#progress/events.ts";
import { type Lock, LockError, parseLock, verifyLockIsFresh } from "#release/lock.ts";
import { readIfPresent } from "#system/files.ts";
import type { Workspace } from "#system/workspace.ts";

import { inStep } from "./buildError.ts";
import { toLockRequest } from "./buildPackages.ts";
import type { PackageContext } from "./packageContext.ts";
import { resolvePackages, resolveTools } from "./resolvePackages.ts";

/** `system.ts` → `system.lock.json`, beside it. */
export function lockFileOf(definitionFile: string): string {
  return definitionFile.replace(/\.[^./]+$/, ".lock.json");
}

/** Asks the archive for the exact packages of a definition and of the tools that build it. */
export async function resolveLock(
  definition: Definition,
  workspace: Workspace,
  context: PackageContext,
): Promise<Lock> {
  const request = toLockRequest(definition);
  return reportStep(context.report, "resolve", async () =>
    inStep("resolve", workspace.indexes, async () => {
      const packages = await resolvePackages(request, workspace, context);
      const tools = await resolveTools(workspace, context);
      return {
        value: { request, packages, tools },
        detail: `${packages.length} packages, ${tools.length} of build tools`,
      };
    }),
  );
}

/** Reads the lock beside a definition; it must be there and belong to it. */
export async function readLock(definition: Definition, definitionFile: string): Promise<Lock> {
  const file = lockFileOf(definitionFile);
  const text = await readIfPresent(file);
  if (text === undefined) {
    throw new LockError("lock-missing", `Cannot build: there is no lock "${file}"`, {
      hint: `Resolve the packages first: socle lock ${definitionFile}`,
    });
  }
  const lock = parseLock(text, file);
  verifyLockIsFresh(lock, toLockRequest(definition), file);
  return lock;
}
