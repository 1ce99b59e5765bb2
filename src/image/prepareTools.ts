import { join } from "node:path";

import { reportStep } from "#progress/events.ts";
import { digestPackages, type LockedPackage } from "#release/lock.ts";
import { ensureHost } from "#system/ensureHost.ts";
import {
  exists,
  makeFolder,
  makeWorkFolder,
  move,
  readIfPresent,
  remove,
  touch,
  writeAtomic,
} from "#system/files.ts";
import { withFileLock } from "#system/fileLock.ts";
import { installPackages } from "#system/installPackages.ts";
import { findIsolation, namespacePrefix } from "#system/isolation.ts";
import { PackageStore } from "#system/packageStore.ts";
import { runCommand } from "#system/runCommand.ts";
import { TOOL_ENVIRONMENT, ToolsTree } from "#system/toolsTree.ts";
import type { Workspace } from "#system/workspace.ts";

import { inStep } from "./buildError.ts";
import type { PackageContext } from "./packageContext.ts";
import { resolveTools } from "./resolvePackages.ts";

/** Downloads packages into the store, as a step of its own with its bytes shown. */
export async function downloadStep(
  packages: readonly LockedPackage[],
  workspace: Workspace,
  context: PackageContext & { readonly step: string },
): Promise<PackageStore> {
  const store = new PackageStore(workspace.packages, workspace.work);
  await reportStep(context.report, context.step, async () =>
    inStep(context.step, workspace.packages, async () => {
      const { fetched, bytes } = await store.fetch(packages, context.mirrors, {
        signal: context.signal,
        onProgress: (done, total) =>
          context.report({ kind: "step-progress", step: context.step, done, total, unit: "bytes" }),
      });
      const detail = `${fetched} of ${packages.length} packages, ${(bytes / 1e6).toFixed(1)} MB`;
      return { value: undefined, cached: fetched === 0, ...(fetched === 0 ? {} : { detail }) };
    }),
  );
  return store;
}

/** The tools tree that a lock names: found, or built from the lock's packages. */
export async function prepareTools(
  packages: readonly LockedPackage[],
  workspace: Workspace,
  context: PackageContext,
): Promise<ToolsTree> {
  const isolation = await findIsolation();
  const folder = join(workspace.tools, digestPackages(packages).slice(0, 16));
  const tools = new ToolsTree(folder, isolation);
  if (!(await exists(join(folder, "usr")))) {
    // One process builds it; the others wait, since it is the longest step of a first run.
    await withFileLock(
      join(workspace.locks, "tools"),
      async () => build(packages, workspace, tools, context),
      {
        signal: context.signal,
        onWait: () =>
          context.report({
            kind: "note",
            level: "info",
            message: "waiting for another process to build the tools tree",
          }),
      },
    );
  }
  await touch(folder); // the oldest are pruned first
  await writeAtomic(join(workspace.tools, "current"), folder);
  return tools;
}

/** The tools tree of the last build, or one of today's packages: to run a release without its lock. */
export async function prepareCurrentTools(workspace: Workspace, context: PackageContext): Promise<ToolsTree> {
  const folder = await readIfPresent(join(workspace.tools, "current"));
  if (folder !== undefined && (await exists(join(folder, "usr"))))
    return new ToolsTree(folder, await findIsolation());
  return prepareTools(await resolveTools(workspace, context), workspace, context);
}

async function build(
  packages: readonly LockedPackage[],
  workspace: Workspace,
  tools: ToolsTree,
  context: PackageContext,
): Promise<void> {
  if (await exists(join(tools.folder, "usr"))) return;
  await ensureHost(context);
  const store = await downloadStep(packages, workspace, { ...context, step: "get tools" });
  await reportStep(context.report, "tools tree", async () =>
    inStep("tools tree", workspace.tools, async () => {
      const work = await makeWorkFolder(workspace.work, "tools");
      const target = join(work, "tree");
      try {
        await installPackages(store, workspace.work, {
          packages,
          target,
          sourceDateEpoch: 0,
          // The only use of the host's own mmdebstrap: it makes the tree that holds the other tools.
          run: (argv, _folders, environment) =>
            runCommand([...namespacePrefix(tools.isolation), ...argv], {
              environment: { ...TOOL_ENVIRONMENT, ...environment },
              signal: context.signal,
              title: "mmdebstrap",
            }),
        });
        await makeFolder(workspace.tools);
        await move(target, tools.folder);
      } finally {
        await remove(work);
      }
      return { value: undefined, detail: `${packages.length} packages` };
    }),
  );
}
