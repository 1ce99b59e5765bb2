import { open } from "node:fs/promises";
import { dirname } from "node:path";

import { writeAtomic } from "../files.ts";
import { createLinuxMachine } from "../linuxMachine.ts";
import { runCommand } from "../runCommand.ts";
import { openTerminal } from "./openTerminal.ts";

/** The machine this process runs on; the form agent/debug/debugHost.ts asks for. */
export function createDebugHost() {
  const { readFile } = createLinuxMachine();
  return { readFile, writeDurably, openTerminal };
}

async function writeDurably(path: string, text: string): Promise<void> {
  await writeAtomic(path, text, 0o600);
  const folder = dirname(path);
  // As in updater/openBootFolder.ts: FAT's syncfs(2) does not empty the disk's own cache, its fsync(2) does.
  await runCommand(["sync", "--file-system", folder]);
  await using opened = await open(folder, "r");
  await opened.sync();
}
