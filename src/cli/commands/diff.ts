import { resolve } from "node:path";

import { compareReleases } from "#release/compareReleases.ts";
import { writeAtomic } from "#system/files.ts";

import type { CommandContext } from "../commandContext.ts";
import type { DiffArguments, DiffOptions } from "../commandOptions.ts";
import { readComparedSystem } from "../diff/readComparedSystem.ts";
import { type DiffView, renderDiff, renderHeadline } from "../diff/renderDiff.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toMarks } from "../marks.ts";
import { createPaint } from "../paint.ts";
import { renderResult } from "../renderResult.ts";

const LEAST_WIDTH = 40;
/** Of a pipe or file, and of a terminal that does not say. */
const USUAL_WIDTH = 80;

/** Says what differs between two systems; that they do is no failure, but has an exit code of its own. */
export async function diff(
  { from, to }: DiffArguments,
  options: DiffOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const [a, b] = await Promise.all([readComparedSystem(from, context), readComparedSystem(to, context)]);
  const comparison = compareReleases({ name: from, system: a }, { name: to, system: b });
  if (options.html !== undefined) {
    const { renderDiffPage } = await import("../diff/renderDiffPage.ts");
    const file = resolve(options.html);
    await writeAtomic(file, renderDiffPage(comparison));
    if (!context.isQuiet) context.stderr(`The comparison as a page: ${file}\n`);
  }
  const view: DiffView = {
    paint: createPaint(process.stdout),
    marks: toMarks(process.env),
    width: Math.max(LEAST_WIDTH, process.stdout.columns ?? USUAL_WIDTH),
    withFiles: options.files === true,
  };
  const toTable = () =>
    context.isQuiet ? `${renderHeadline(comparison, view)}\n` : renderDiff(comparison, view);
  context.stdout(await renderResult(comparison, context.output, toTable));
  return comparison.same ? EXIT_CODE.ok : EXIT_CODE.differs;
}
