import { dirname, resolve } from "node:path";

import {
  digestPackages,
  encodeLock,
  findLockChanges,
  LockError,
  parseLock,
  type Lock,
} from "#release/lock.ts";
import { inStep } from "#image/buildError.ts";
import { toLockRequest } from "#image/buildPackages.ts";
import { downloadStep } from "#image/prepareTools.ts";
import { lockFileOf, readLock, resolveLock } from "#image/resolveLock.ts";
import { readIfPresent, writeAtomic } from "#system/files.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { openWorkspace } from "#system/workspace.ts";

import type { CommandContext } from "../commandContext.ts";
import type { DefinitionArguments, LockOptions } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toPackageContext } from "../packageContext.ts";

/** Resolves the packages of a definition to exact versions and digests, kept beside it. */
export async function lock(
  { file }: DefinitionArguments,
  options: LockOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { definition } = await loadDefinition(file);
  const target = lockFileOf(file);
  if (options.check === true) {
    await readLock(definition, file);
    if (!context.isQuiet) context.stdout(`"${target}" belongs to this definition\n`);
    return EXIT_CODE.ok;
  }
  const workspace = openWorkspace();
  const packages = toPackageContext(context);
  const known = await readKnown(target);
  const isFresh =
    known !== undefined && findLockChanges(known.request, toLockRequest(definition)).length === 0;
  const locked =
    isFresh && options.update !== true ? known : await resolveLock(definition, workspace, packages);
  await inStep("lock", dirname(target), async () => writeAtomic(target, encodeLock(locked)));
  context.stdout(context.isQuiet ? `${target}\n` : `${summarise(known, locked)}  ${target}\n`);
  if (options.export !== undefined) {
    const all = [...locked.packages, ...locked.tools];
    const folder = resolve(options.export);
    const store = await downloadStep(all, workspace, { ...packages, step: "download" });
    await inStep("export", folder, async () => store.export(all, folder));
    context.stdout(
      `${all.length} packages are in ${folder}\nBuild from them later with: SOCLE_MIRROR='file:${folder}' socle build\n`,
    );
  }
  return EXIT_CODE.ok;
}

/** A lock that cannot be read is made anew. */
async function readKnown(file: string): Promise<Lock | undefined> {
  const text = await readIfPresent(file);
  if (text === undefined) return undefined;
  try {
    return parseLock(text, file);
  } catch (error) {
    if (error instanceof LockError) return undefined;
    throw error;
  }
}

function summarise(before: Lock | undefined, after: Lock): string {
  const count = `${after.packages.length} packages`;
  if (before === undefined) return `locked ${count}`;
  if (
    digestPackages([...before.packages, ...before.tools]) ===
    digestPackages([...after.packages, ...after.tools])
  ) {
    return `unchanged, ${count}`;
  }
  const known = new Map(before.packages.map((entry) => [entry.name, entry.sha256]));
  const changed = after.packages.filter((entry) => known.get(entry.name) !== entry.sha256).length;
  return `locked ${count}, ${changed} new or changed`;
}
