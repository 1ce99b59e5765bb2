import { dirname, join, resolve } from "node:path";

import type { Definition } from "#definition/definition.ts";
import type { BuildContext } from "#image/buildContext.ts";
import { inStep } from "#image/buildError.ts";
import { buildRelease, type BuiltRelease } from "#image/buildRelease.ts";
import { openBuild } from "#image/openBuild.ts";
import { pruneSteps } from "#image/pruneSteps.ts";
import { verifyReproducible } from "#image/verifyReproducible.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { openWorkspace } from "#system/workspace.ts";

import type { CommandContext } from "../commandContext.ts";
import { toCommandName } from "../commandName.ts";
import type { BuildOptions, DefinitionArguments } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatDuration } from "../formatDuration.ts";
import { toMarks } from "../marks.ts";
import { renderReleaseFiles } from "../renderReleaseFiles.ts";
import { toPackageContext } from "../packageContext.ts";
import { refuseOtherFolder } from "../refuseOtherFolder.ts";
import { renderResult } from "../renderResult.ts";

/** From a definition and its lock to the files of a release. */
export async function build(
  { file }: DefinitionArguments,
  options: BuildOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const startedAt = performance.now();
  const loaded = await loadDefinition(file);
  const definition = withCompression(loaded.definition, options.compression);
  const output = resolve(options.output ?? defaultOutput(definition));
  await refuseOtherFolder(output);
  const workspace = openWorkspace();
  const buildContext = await inStep("prepare", workspace.work, async () =>
    openBuild(
      { ...loaded, definition, file, keys: options.keys },
      workspace,
      toPackageContext(context, options),
    ),
  );
  const release = await inStep("release", dirname(output), async () => buildRelease(buildContext, output));
  if (options.verifyReproducible === true) await verifyReproducible(buildContext, release);
  await prune(buildContext);
  const tookMs = performance.now() - startedAt;
  if (context.isQuiet) context.stdout(`${release.folder}\n`);
  else {
    const document = {
      ...release.manifest,
      kind: "BuiltRelease",
      folder: release.folder,
      tookMs: Math.round(tookMs),
    };
    context.stdout(
      await renderResult(document, context.output, () => renderRelease(release, tookMs, options)),
    );
  }
  return EXIT_CODE.ok;
}

/** Old results go; that they could not be removed is no reason for a build to fail. */
async function prune({ workspace, cache, report }: BuildContext): Promise<void> {
  try {
    await pruneSteps(workspace, cache.used, Date.now());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    report({ kind: "note", level: "warning", message: `old results of builds could not be removed: ${why}` });
  }
}

/** Where a release goes when nothing is said. */
export function defaultOutput({ id, version }: Definition): string {
  return join("out", `${id}_${version}`);
}

function withCompression(definition: Definition, compression: BuildOptions["compression"]): Definition {
  return compression === undefined
    ? definition
    : { ...definition, root: { ...definition.root, compression } };
}

export function renderRelease(
  { folder, manifest }: BuiltRelease,
  tookMs: number,
  options: BuildOptions = {},
): string {
  const { id, version, level, rootHash } = manifest;
  const lines = [
    `${toMarks(process.env).ok} built ${id} ${version}, level ${level}, in ${formatDuration(tookMs)}`,
    "",
    ...renderReleaseFiles(folder, manifest.artifacts),
    "",
    ...(rootHash === undefined ? [] : [`  Root hash   ${rootHash}`]),
    ...(manifest.signing.development
      ? ["  Signed      with development keys; for machines that matter make your own: socle keys init"]
      : []),
    ...(options.verifyReproducible === true
      ? ["  Built twice, in two folders: every file is the same, bit for bit"]
      : []),
    `  Next        ${toCommandName(process.env)} vm ${folder}`,
  ];
  return `${lines.join("\n")}\n`;
}
