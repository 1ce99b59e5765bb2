import { join } from "node:path";

import type { LockedPackage, LockRequest } from "#release/lock.ts";
import { openArchive } from "#system/aptArchive.ts";
import { withFileLock } from "#system/fileLock.ts";
import type { Workspace } from "#system/workspace.ts";

import { ARCHITECTURE, TOOL_PACKAGES, TOOLS_SUITE } from "./buildPackages.ts";
import type { PackageContext } from "./packageContext.ts";

/** Asks the archive, as it is now, for packages and all they need. */
export async function resolvePackages(
  { suite, components, packages }: Pick<LockRequest, "suite" | "components" | "packages">,
  workspace: Workspace,
  { mirrors, signal }: PackageContext,
): Promise<LockedPackage[]> {
  const name = `${suite}-${components.join("-")}`;
  const found = await mirrors();
  return withFileLock(
    join(workspace.locks, `indexes-${name}`),
    async () => {
      const request = { suite, components, architecture: ARCHITECTURE };
      const archive = await openArchive(join(workspace.indexes, name), found, request, signal);
      await archive.update();
      return archive.resolve(packages);
    },
    { signal },
  );
}

export async function resolveTools(workspace: Workspace, context: PackageContext): Promise<LockedPackage[]> {
  return resolvePackages(
    { suite: TOOLS_SUITE, components: ["main"], packages: TOOL_PACKAGES },
    workspace,
    context,
  );
}
