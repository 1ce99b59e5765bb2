import { chmod } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { MemoryMachineContent } from "#agent/memoryMachine.ts";
import { copyFileTo, makeFolder, writeWithParents } from "#system/files.ts";
import { runCommand } from "#system/runCommand.ts";

/**
 * Makes a root folder for chroot(1) out of a recorded machine: its files, also those of /proc and /sys, are files, and the
 * programs that it was asked with are shell scripts that print what they answered. So the agent's own program reads and
 * starts there what it reads and starts on a device, while the time that systemd takes to answer is left out.
 * @param programs of this host, by their place in the root; their libraries come with them
 */
export async function makeRecordedRoot(
  root: string,
  recorded: MemoryMachineContent,
  programs: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [path, content] of Object.entries(recorded.files))
    if (content !== undefined) await writeWithParents(join(root, path), content);
  for (const [folder, names] of Object.entries(recorded.folders))
    for (const name of names) {
      const path = join(folder, name);
      if (recorded.files[path] === undefined) await makeFolder(join(root, path));
    }
  for (const [path, source] of Object.entries({ "/bin/sh": "/bin/sh", ...programs })) {
    await copyInto(root, source, path);
    for (const library of await listLibraries(source)) await copyInto(root, library, library);
  }
  for (const [path, script] of toScripts(recorded.outputs)) {
    await writeWithParents(join(root, path), script);
    await chmod(join(root, path), 0o755);
  }
}

async function copyInto(root: string, source: string, path: string): Promise<void> {
  const target = join(root, path);
  await makeFolder(dirname(target));
  await copyFileTo(source, target);
  await chmod(target, 0o755);
}

/** Absolute paths, the loader's among them. */
async function listLibraries(program: string): Promise<string[]> {
  const { stdout } = await runCommand(["ldd", program]);
  return [...stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].map(([, path = ""]) => path);
}

/** By program: one script that knows all of its answers. */
function toScripts(outputs: MemoryMachineContent["outputs"]): Map<string, string> {
  const cases = new Map<string, string[]>();
  for (const [command, output] of Object.entries(outputs)) {
    if (output instanceof Error) continue;
    const [program = "", ...args] = command.split(" ");
    const line = `${quote(args.join(" "))}) printf %s ${quote(output)};;`;
    cases.set(program, [...(cases.get(program) ?? []), line]);
  }
  return new Map(
    [...cases].map(([program, lines]) => [
      `/usr/bin/${program}`,
      `#!/bin/sh\ncase "$*" in\n${lines.join("\n")}\n*) echo "not recorded: $*" >&2; exit 1;;\nesac\n`,
    ]),
  );
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
