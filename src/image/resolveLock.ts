import { join } from "node:path";

import type { Definition } from "#definition/definition.ts";
import { reportStep, type Report } from "#progress/events.ts";
import { type Lock, LockError, parseLock, verifyLockIsFresh } from "#release/lock.ts";
import { findMirrors, openArchive } from "#system/aptArchive.ts";
import { readIfPresent } from "#system/files.ts";
import { withFileLock } from "#system/fileLock.ts";
import type { Workspace } from "#system/workspace.ts";

import { toLockRequest, TOOLS_SUITE } from "./buildPackages.ts";

/** `system.ts` → `system.lock.json`, beside it. */
export function lockFileOf(definitionFile: string): string {
  return definitionFile.replace(/\.[^./]+$/, ".lock.json");
}

/** Asks the archive for the exact packages of a definition and of the tools that build it. */
export async function resolveLock(
  definition: Definition,
  workspace: Workspace,
  context: { report: Report; signal: AbortSignal },
): Promise<Lock> {
  const request = toLockRequest(definition);
  const mirrors = await findMirrors(context.signal);
  const resolveIn = async (suite: string, components: readonly string[], packages: readonly string[]) => {
    const name = `${suite}-${components.join("-")}`;
    return withFileLock(join(workspace.locks, `indexes-${name}`), async () => {
      const archive = await openArchive(join(workspace.indexes, name), mirrors, { ...request, suite, components }, context.signal);
      await archive.update();
      return archive.resolve(packages);
    });
  };
  return reportStep(context.report, "resolve", async () => {
    const packages = await resolveIn(request.suite, request.components, request.packages);
    const tools = await resolveIn(TOOLS_SUITE, ["main"], request.tools);
    return {
      value: { request, packages, tools },
      detail: `${packages.length} packages, ${tools.length} of build tools`,
    };
  });
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
