import { stat } from "node:fs/promises";
import { join } from "node:path";

import { listFolder } from "./files.ts";
import { runCommand } from "./runCommand.ts";
import type { Workspace } from "./workspace.ts";

export interface StoredEntry {
  /** `packages`, `tools`, or the name of a build step. */
  readonly kind: string;
  readonly path: string;
  /** When a build used it last; milliseconds since 1970. */
  readonly usedAtMs: number;
}

/** Everything that the workspace keeps, and its size: downloads as one entry, each tools tree, each step's result. */
export async function listCacheEntries(
  workspace: Workspace,
): Promise<(StoredEntry & { sizeBytes: number })[]> {
  const places = [
    { kind: "packages", path: workspace.packages },
    ...(await listBelow("tools", workspace.tools)),
  ];
  const stored = [...(await readEntries(places)), ...(await listStepEntries(workspace))];
  const entries = [];
  for (const entry of stored) entries.push({ ...entry, sizeBytes: await diskUsage(entry.path) });
  return entries;
}

/** The results of build steps, without looking into them. */
export async function listStepEntries({ steps }: Workspace): Promise<StoredEntry[]> {
  const kinds = await listFolder(steps);
  return readEntries((await Promise.all(kinds.map((kind) => listBelow(kind, join(steps, kind))))).flat());
}

async function readEntries(places: readonly { kind: string; path: string }[]): Promise<StoredEntry[]> {
  const entries = await Promise.all(
    places.map(async ({ kind, path }): Promise<StoredEntry[]> => {
      const found = await stat(path).catch(() => undefined);
      if (found?.isDirectory() !== true) return [];
      // A step's record is touched whenever a build finds it; a tools tree is touched itself.
      const record = await stat(join(path, "step.json")).catch(() => found);
      return [{ kind, path, usedAtMs: record.mtimeMs }];
    }),
  );
  return entries.flat();
}

async function listBelow(kind: string, folder: string): Promise<{ kind: string; path: string }[]> {
  return (await listFolder(folder)).map((name) => ({ kind, path: join(folder, name) }));
}

/** du counts what files really take, holes and hard links considered; it may not look into all of a tree made without root. */
async function diskUsage(path: string): Promise<number> {
  const script = 'du --summarize --block-size=1 "$1" 2>/dev/null || :';
  const { stdout } = await runCommand(["sh", "-c", script, "sh", path], { title: "du" });
  return Number(stdout.split("\t")[0]);
}
