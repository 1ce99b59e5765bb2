import { join } from "node:path";

import { buildRelease } from "#image/buildRelease.ts";
import { openBuild } from "#image/openBuild.ts";
import { ensureHost } from "#system/ensureHost.ts";
import { exists } from "#system/files.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { openWorkspace } from "#system/workspace.ts";
import { lockFileOf } from "#image/resolveLock.ts";

import type { CommandContext } from "../commandContext.ts";
import type { StartOptions } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toPackageContext } from "../packageContext.ts";
import { defaultOutput, renderRelease } from "./build.ts";
import { lock } from "./lock.ts";
import { runUntilStopped } from "./vm.ts";

const MEMORY_BYTES = 1 << 30;

/** What `npm start` does: everything, once, from a fresh clone to a healthy machine. */
export async function start(
  _arguments: object,
  options: StartOptions,
  context: CommandContext,
): Promise<ExitCode> {
  await ensureHost(context);
  const startedAt = performance.now();
  const file = join(context.projectRoot, "systems/minimal/system.ts");
  if (!(await exists(lockFileOf(file))))
    await lock({ file }, {}, { ...context, isQuiet: true, stdout: () => {} });
  const loaded = await loadDefinition(file);
  const build = await openBuild({ ...loaded, file }, openWorkspace(), toPackageContext(context));
  const release = await buildRelease(build, join(context.projectRoot, defaultOutput(loaded.definition)));
  context.stdout(`${renderRelease(release, performance.now() - startedAt)}\n`);
  const machine = { firmware: "uefi", memory: MEMORY_BYTES, cpus: 2, forward: [] } as const;
  const once = options.once === true || !context.isTerminal;
  await runUntilStopped(release, build.tools, { ...machine, ...(once ? { once } : {}) }, context);
  return EXIT_CODE.ok;
}
