import { stat } from "node:fs/promises";
import { join } from "node:path";

import { listFolder } from "./files.ts";
import { runCommand } from "./runCommand.ts";
import type { Workspace } from "./workspace.ts";

/** Everything that the workspace keeps: downloads as one entry, each tools tree, each step's result. */
export async function listCacheEntries(
  workspace: Workspace,
): Promise<{ kind: string; path: string; sizeBytes: number; usedAtMs: number }[]> {
  const places = [
    { kind: "packages", path: workspace.packages },
    ...(await listBelow("tools", workspace.tools)),
    ...(await Promise.all((await listFolder(workspace.steps)).map((step) => listBelow(step, join(workspace.steps, step))))).flat(),
  ];
  const entries = [];
  for (const { kind, path } of places) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) continue;
    // A step's record is touched whenever a build finds it; a tools tree and downloads have none.
    const record = await stat(join(path, "step.json")).catch(() => found);
    entries.push({ kind, path, sizeBytes: await diskUsage(path), usedAtMs: record.mtimeMs });
  }
  return entries;
}

async function listBelow(kind: string, folder: string): Promise<{ kind: string; path: string }[]> {
  return (await listFolder(folder)).map((name) => ({ kind, path: join(folder, name) }));
}

/** du counts what files really take, holes and hard links considered. */
async function diskUsage(path: string): Promise<number> {
  const { stdout } = await runCommand(["du", "--summarize", "--block-size=1", path]);
  return Number(stdout.split("\t")[0]);
}
