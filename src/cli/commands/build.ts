import { dirname, join, resolve } from "node:path";

import type { Definition } from "#definition/definition.ts";
import type { BuildContext } from "#image/buildContext.ts";
import { inStep } from "#image/buildError.ts";
import { buildRelease, type BuiltRelease } from "#image/buildRelease.ts";
import { openBuild } from "#image/openBuild.ts";
import { pruneSteps } from "#image/pruneSteps.ts";
import { verifyReproducible } from "#image/verifyReproducible.ts";
import { SocleError } from "#progress/socleError.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";
import { listFolder } from "#system/files.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { openWorkspace } from "#system/workspace.ts";

import type { CommandContext } from "../commandContext.ts";
import { toCommandName } from "../commandName.ts";
import type { BuildOptions, DefinitionArguments } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatDuration } from "../formatDuration.ts";
import { toMarks } from "../marks.ts";
import { toPackageContext } from "../packageContext.ts";
import { renderResult } from "../renderResult.ts";
import { renderTable } from "../table.ts";

export class OutputError extends SocleError<"output-in-use"> {
  override readonly name = "OutputError";
}

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
    openBuild({ definition, file }, workspace, toPackageContext(context, options)),
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

/** The output is replaced whole, so it must be a release or nothing: not a folder with anything else in it. */
async function refuseOtherFolder(output: string): Promise<void> {
  const names = await listFolder(output);
  if (names.length === 0 || names.includes(CHECKSUMS_NAME)) return;
  throw new OutputError(
    "output-in-use",
    `Cannot build into "${output}": it holds "${names[0]}" and is not a release`,
    {
      hint: "Name a folder that does not exist yet, or one that an earlier build made: --output DIR",
    },
  );
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
  const table = renderTable(
    [
      { header: "FILE", value: ({ name }) => name },
      { header: "SIZE", align: "right", value: ({ sizeBytes }) => formatBytes(sizeBytes) },
      { header: "SHA-256", value: ({ sha256 }) => sha256.slice(0, 12) },
    ],
    manifest.artifacts,
  );
  const lines = [
    `${toMarks(process.env).ok} built ${id} ${version}, level ${level}, in ${formatDuration(tookMs)}`,
    "",
    `  ${folder}/`,
    ...table
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => `    ${line}`),
    "",
    ...(rootHash === undefined ? [] : [`  Root hash   ${rootHash}`]),
    ...(options.verifyReproducible === true
      ? ["  Built twice, in two folders: every file is the same, bit for bit"]
      : []),
    `  Next        ${toCommandName(process.env)} vm ${folder}`,
  ];
  return `${lines.join("\n")}\n`;
}
