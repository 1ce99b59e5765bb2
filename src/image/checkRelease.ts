import { join } from "node:path";

import { toLevelName } from "#definition/levels.ts";
import type { CheckInput } from "#release/checks/check.ts";
import { resolveTreePath } from "#release/checks/resolveTreePath.ts";
import type { ReleaseContents } from "#release/contents.ts";
import { fileSize, readText } from "#system/files.ts";
import { readTreeFile } from "#system/readTreeFile.ts";

import type { BuildContext } from "./buildContext.ts";
import type { InstalledTree } from "./installTree.ts";
import type { PackedRoot } from "./packRoot.ts";
import { runChecks } from "./runChecks.ts";
import type { StepResult } from "./stepCache.ts";

export interface CheckedParts {
  readonly installed: StepResult<InstalledTree>;
  readonly configured: StepResult<unknown>;
  readonly root: StepResult<PackedRoot>;
  readonly uki: StepResult<{ commandLine: string }>;
  readonly contents: StepResult<unknown>;
}

/**
 * Asks the definition's checks about what was built. They are functions, so there is no digest to
 * keep an answer under: they are asked at every build.
 * @throws {ChecksError} with everything that they found.
 */
export async function checkRelease(context: BuildContext, parts: CheckedParts): Promise<void> {
  if (context.checks.length === 0) return;
  await runChecks(context.checks, await toCheckInput(context, parts), context);
}

async function toCheckInput({ definition }: BuildContext, parts: CheckedParts): Promise<CheckInput> {
  const { installed, configured, root, uki } = parts;
  // Written by describeTree, and by nothing else: asking for its form again would take a third of a second.
  const contents = JSON.parse(
    await readText(join(parts.contents.folder, "contents.json")),
  ) as ReleaseContents;
  const entries = new Map(contents.files.map((file) => [file.path, file]));
  const layers = [join(configured.folder, "upper"), join(installed.folder, "tree")];
  return {
    id: definition.id,
    version: definition.version,
    suite: definition.distribution.suite,
    level: toLevelName(definition.policies),
    kernelVersion: installed.value.kernelVersion,
    kernelCommandLine: uki.value.commandLine,
    rootBytes: root.value.rootHash === undefined ? sizeOfFiles(contents) : root.value.rootImageBytes,
    ukiBytes: await fileSize(join(uki.folder, "uki.efi")),
    packages: contents.packages,
    files: contents.files,
    units: contents.units,
    listeners: contents.listeners,
    readFile: async (path) => {
      const resolved = resolveTreePath(entries, path);
      if (resolved === undefined || entries.get(resolved)?.type !== "file") return undefined;
      return readTreeFile(layers, resolved);
    },
  };
}

const BLOCK_BYTES = 4096;

/** What files take on a disk: whole blocks. */
function sizeOfFiles({ files }: ReleaseContents): number {
  return files.reduce((sum, { sizeBytes = 0 }) => sum + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES, 0);
}
