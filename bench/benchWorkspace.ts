import { symlink } from "node:fs/promises";
import { join } from "node:path";

import type { PackageContext } from "#image/packageContext.ts";
import { listFolder, makeFolder, readStamp, remove } from "#system/files.ts";
import { findMirrors } from "#system/aptArchive.ts";
import { openWorkspace, PROJECT_ROOT, type Workspace } from "#system/workspace.ts";

/** What is downloaded and the tools are shared with every other build; steps are the bench's own, so that it can forget them. */
const SHARED = ["packages", "tools", "indexes"];

export interface BenchWorkspace {
  readonly folder: string;
  /** For SOCLE_HOME. */
  readonly home: string;
  readonly workspace: Workspace;
  /** The same, but with mkosi's tools tree apart: the shared folder remembers the last one as Socle's own. */
  readonly mkosiWorkspace: Workspace;
  readonly context: PackageContext;
}

export async function openBenchWorkspace(signal: AbortSignal): Promise<BenchWorkspace> {
  const shared = openWorkspace();
  const folder = join(shared.packages, "..", "bench");
  const home = join(folder, "home");
  await makeFolder(home);
  for (const name of SHARED) {
    await makeFolder(join(home, "..", "..", name));
    await symlink(join("..", "..", name), join(home, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  const context: PackageContext = {
    signal,
    mirrors: () => findMirrors(signal),
    report: (event) => {
      if (event.kind === "step-done" && !event.cached)
        console.error(`  ${event.step}: ${(event.tookMs / 1000).toFixed(1)} s`);
    },
  };
  const workspace = openWorkspace(home);
  const mkosiWorkspace = { ...workspace, tools: join(folder, "mkosi-tools") };
  return { folder, home, workspace, mkosiWorkspace, context };
}

/** Makes every later build a cold one. Packages and tools stay. */
export async function forgetSteps({ workspace }: BenchWorkspace): Promise<void> {
  await remove(workspace.steps);
  await remove(workspace.work);
}

/** Where the last build's image has Node and the agent: a step's record is touched when it is used. */
export async function findPrograms({ workspace }: BenchWorkspace): Promise<string> {
  const folder = join(workspace.steps, "configure");
  const steps = await Promise.all(
    (await listFolder(folder)).map(async (name) => ({
      name,
      used: (await readStamp(join(folder, name, "step.json")))?.modifiedMs ?? 0,
    })),
  );
  const [last] = steps.toSorted((a, b) => b.used - a.used);
  if (last === undefined) throw new Error(`No build has left a configured tree in "${folder}"`);
  return join(folder, last.name, "upper/usr/lib/socle");
}

export const SOCLE = join(PROJECT_ROOT, "bin", "socle");

export function socleEnvironment({ home }: BenchWorkspace): Record<string, string> {
  return { ...(process.env as Record<string, string>), SOCLE_HOME: home };
}
