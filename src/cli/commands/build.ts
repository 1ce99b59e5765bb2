import { join, resolve } from "node:path";

import type { Definition } from "#definition/definition.ts";
import { buildRelease, type BuiltRelease } from "#image/buildRelease.ts";
import { openBuild } from "#image/openBuild.ts";
import { verifyReproducible } from "#image/verifyReproducible.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { openWorkspace } from "#system/workspace.ts";

import type { CommandContext } from "../commandContext.ts";
import type { BuildOptions, DefinitionArguments } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { formatBytes } from "../formatBytes.ts";
import { formatDuration } from "../formatDuration.ts";
import { toMarks } from "../marks.ts";
import { toPackageContext } from "../packageContext.ts";
import { renderResult } from "../renderResult.ts";
import { renderTable } from "../table.ts";

/** From a definition and its lock to the files of a release. */
export async function build({ file }: DefinitionArguments, options: BuildOptions, context: CommandContext): Promise<ExitCode> {
  const startedAt = performance.now();
  const loaded = await loadDefinition(file);
  const definition = withCompression(loaded.definition, options.compression);
  const buildContext = await openBuild({ definition, file }, openWorkspace(), toPackageContext(context, options));
  const output = resolve(options.output ?? defaultOutput(definition));
  const release = await buildRelease(buildContext, output);
  if (options.verifyReproducible === true) await verifyReproducible(buildContext, release);
  const tookMs = performance.now() - startedAt;
  if (context.isQuiet) context.stdout(`${release.folder}\n`);
  else {
    const document = { ...release.manifest, kind: "BuiltRelease", folder: release.folder, tookMs: Math.round(tookMs) };
    context.stdout(await renderResult(document, context.output, () => renderRelease(release, tookMs, options)));
  }
  return EXIT_CODE.ok;
}

/** Where a release goes when nothing is said. */
export function defaultOutput({ id, version }: Definition): string {
  return join("out", `${id}_${version}`);
}

function withCompression(definition: Definition, compression: BuildOptions["compression"]): Definition {
  return compression === undefined ? definition : { ...definition, root: { ...definition.root, compression } };
}

export function renderRelease({ folder, manifest }: BuiltRelease, tookMs: number, options: BuildOptions = {}): string {
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
    ...table.split("\n").filter((line) => line.trim() !== "").map((line) => `    ${line}`),
    "",
    ...(rootHash === undefined ? [] : [`  Root hash   ${rootHash}`]),
    ...(options.verifyReproducible === true ? ["  Built twice, in two folders: every file is the same, bit for bit"] : []),
    `  Next        socle vm ${folder}`,
  ];
  return `${lines.join("\n")}\n`;
}
