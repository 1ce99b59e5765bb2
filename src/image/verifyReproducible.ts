import { join } from "node:path";

import { SocleError } from "#progress/socleError.ts";
import { decodeChecksums, type Checksum } from "#release/checksums.ts";
import { CHECKSUMS_NAME } from "#release/releaseNames.ts";
import { makeWorkFolder, readText, remove } from "#system/files.ts";
import { findTreeDifference } from "#system/findTreeDifference.ts";

import type { BuildContext } from "./buildContext.ts";
import { buildRelease, type BuiltRelease } from "./buildRelease.ts";
import { StepCache } from "./stepCache.ts";

export class ReproducibilityError extends SocleError<"not-reproducible"> {
  override readonly name = "ReproducibilityError";
}

/** The steps whose results are trees, in the order in which a difference would spread. */
const TREE_STEPS = [
  { step: "packages", tree: "tree" },
  { step: "configure", tree: "upper" },
] as const;

/**
 * Builds the same again with nothing from the cache but downloads and tools, in another folder,
 * and compares all files of the releases.
 */
export async function verifyReproducible(context: BuildContext, first: BuiltRelease): Promise<void> {
  const work = await makeWorkFolder(context.workspace.work, "again");
  try {
    const steps = join(work, "steps");
    const workspace = { ...context.workspace, steps, work: join(work, "work") };
    const report: BuildContext["report"] = (event) =>
      context.report("step" in event ? { ...event, step: `again: ${event.step}` } : event);
    const cache = new StepCache(workspace, report);
    const again = { ...context, report, workspace, cache, checks: [] }; // they have been asked about the same bytes
    const second = await buildRelease(again, join(work, "out"));
    await compare(first, second);
  } finally {
    await remove(work);
  }
}

/** Of every file, also of those that a manifest cannot list. */
async function readChecksums({ folder }: BuiltRelease): Promise<Checksum[]> {
  return decodeChecksums(await readText(join(folder, CHECKSUMS_NAME)));
}

async function compare(first: BuiltRelease, second: BuiltRelease): Promise<void> {
  const [files, others] = await Promise.all([readChecksums(first), readChecksums(second)]);
  const digests = new Map(others.map(({ name, sha256 }) => [name, sha256]));
  const differing = files.filter(({ name, sha256 }) => digests.get(name) !== sha256);
  if (differing.length === 0) return;
  const reasons: string[] = [];
  for (const { step, tree } of TREE_STEPS) {
    const difference = await findTreeDifference(
      join(first.steps[step], tree),
      join(second.steps[step], tree),
    );
    if (difference === undefined) continue;
    reasons.push(`the first differing file is "${difference.path}": ${difference.why}`);
    break;
  }
  if (reasons.length === 0) reasons.push("the trees are equal, so the tools that pack them are at fault");
  throw new ReproducibilityError(
    "not-reproducible",
    `Two builds of the same differ in ${differing.map(({ name }) => name).join(", ")}: ${reasons.join("; ")}`,
    {
      hint: "Files that a package's scripts make with times or chance in them can be replaced or removed by the definition.",
    },
  );
}
