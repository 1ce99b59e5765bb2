import { join, resolve } from "node:path";

import { buildRelease } from "#image/buildRelease.ts";
import { findKeys, openBuild } from "#image/openBuild.ts";
import { prepareCurrentTools } from "#image/prepareTools.ts";
import { isFolder, readText } from "#system/files.ts";
import { loadDefinition } from "#system/loadDefinition.ts";
import { openWorkspace } from "#system/workspace.ts";
import type { ToolsTree } from "#system/toolsTree.ts";
import { findRelease, type ReleaseFolder } from "#vm/findRelease.ts";

import type { CommandContext } from "../commandContext.ts";
import { toCommandName } from "../commandName.ts";
import type { VmArguments, VmOptions } from "../commandOptions.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { findDefinitionFile } from "../findDefinitionFile.ts";
import { toPackageContext } from "../packageContext.ts";
import { renderStatus } from "../renderStatus.ts";
import { withSecureBoot } from "../withSecureBoot.ts";
import { toStatusDocument } from "../statusDocument.ts";
import { createView } from "../update/view.ts";
import {
  startMachine,
  waitForFingerprint,
  waitUntilHealthy,
  type MachineOptions,
  type RunningMachine,
} from "../runMachine.ts";
import { defaultOutput } from "./build.ts";

/** Boots a release, or what a definition builds, and keeps it up until it is told to stop. */
export async function vm(
  { target }: VmArguments,
  options: VmOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { release, tools, keys } = await findTarget(target, options, context);
  const configuration = options.config === undefined ? {} : { configuration: await readText(options.config) };
  const machine = { ...options, ...configuration };
  await (options.secureBoot === true
    ? runUntilStopped(release, tools, await withSecureBoot(machine, release, keys, context), context)
    : runUntilStopped(release, tools, machine, context));
  return EXIT_CODE.ok;
}

/** Boots a release, shows it when it is healthy, keeps it up unless once is enough, and stops it. */
export async function runUntilStopped(
  release: ReleaseFolder,
  tools: ToolsTree,
  options: MachineOptions,
  context: CommandContext,
): Promise<void> {
  const once = options.once === true;
  await using running = await startMachine(release, tools, options);
  if (options.maintenance === true) {
    const fingerprint = await waitForFingerprint(running, context);
    context.stdout(renderFirstContact(running, fingerprint));
  } else {
    const status = await waitUntilHealthy(running, context);
    context.stdout(
      `${renderStatus(toStatusDocument(status), createView(process.stdout))}\n${renderHelp(running, once)}`,
    );
  }
  if (!once) await stayUp(running, context);
  await running.machine.stop();
}

/** What is to be booted, with which tools, and where the keys are that it was signed with. */
interface Target {
  readonly release: ReleaseFolder;
  readonly tools: ToolsTree;
  readonly keys: string;
}

async function findTarget(
  target: string | undefined,
  options: VmOptions,
  context: CommandContext,
): Promise<Target> {
  const packages = toPackageContext(context);
  if (target !== undefined && (await isFolder(target))) {
    const workspace = openWorkspace();
    return {
      release: await findRelease(resolve(target)),
      tools: await prepareCurrentTools(workspace, packages),
      keys: await findKeys(
        { keys: options.keys, file: join(process.cwd(), "system.ts") },
        workspace,
        packages,
      ),
    };
  }
  const file = await findDefinitionFile(target, process.cwd());
  const loaded = await loadDefinition(file);
  const { definition } = loaded;
  const workspace = openWorkspace();
  const build = await openBuild({ ...loaded, file, keys: options.keys }, workspace, packages);
  const keys = await findKeys({ keys: options.keys, file }, workspace, packages);
  return { release: await buildRelease(build, resolve(defaultOutput(definition))), tools: build.tools, keys };
}

/** Until Ctrl-C, or until the machine switches itself off. */
async function stayUp({ machine }: RunningMachine, { signal }: CommandContext): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([stopped, machine.ended()]);
}

/** What to do with a machine that waits for its first configuration. */
function renderFirstContact({ name, access }: RunningMachine, fingerprint: string): string {
  const socle = toCommandName(process.env);
  const at = `--host ${access.host} --port ${access.port} --fingerprint ${fingerprint}`;
  return [
    `${name} waits for its first configuration`,
    "",
    `  Fingerprint   ${fingerprint}`,
    `  Give it one   ${socle} config apply FILE --insecure ${at}`,
    `  Then know it  ${socle} context add ${name} --access FILE ${at}`,
    `  Console       ${openWorkspace().machines}/${name}.log`,
    "  Stop it       Ctrl-C",
    "",
  ].join("\n");
}

function renderHelp({ name, access }: RunningMachine, once: boolean): string {
  if (once) return "";
  return [
    "",
    `  Talk to it   ${toCommandName(process.env)} status ${name}        API https://${access.host}:${access.port}`,
    `  Console      ${openWorkspace().machines}/${name}.log`,
    "  Stop it      Ctrl-C",
    "",
  ].join("\n");
}
