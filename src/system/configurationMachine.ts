import { mkdir, open, readdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";

import { remove, writeAtomic } from "./files.ts";
import { orUndefined } from "./linuxMachine.ts";
import { runCommand } from "./runCommand.ts";

const CONFIGURATION_UNIT = "socle-configuration.service";
/** The unit's own limit is shorter. */
const RELOAD_TIMEOUT_MS = 150_000;
/** A disk that is not there is waited for 90 seconds. */
const UNIT_TIMEOUT_MS = 120_000;

/** What does not run has nothing to be told. */
const VERBS = {
  reload: "try-reload-or-restart",
  restart: "try-restart",
  start: "start",
  stop: "stop",
} as const;

/** The form agent/configuration/configurationMachine.ts asks for. */
export function createConfigurationMachine() {
  return {
    readText: (path: string): Promise<string | undefined> => orUndefined(readFile(path, "utf8")),

    listFolder: async (path: string): Promise<string[]> => (await orUndefined(readdir(path))) ?? [],

    /** Root's only: there are secrets in it. */
    writeDurably: async (path: string, content: string): Promise<void> => {
      const folder = dirname(path);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeAtomic(path, content, 0o600);
      // Of folders that may just have been made, the names must stay too.
      for (const each of [folder, dirname(folder), dirname(dirname(folder))]) await syncFolder(each);
    },

    remove: async (path: string): Promise<void> => {
      await remove(path);
      await syncFolder(dirname(path));
    },

    /** Where /etc is rendered the unit is active, and is reloaded; elsewhere it runs, and ends. */
    reloadConfiguration: async (): Promise<void> => {
      await systemctl(["reload-or-restart", CONFIGURATION_UNIT], RELOAD_TIMEOUT_MS);
    },

    reloadUnits: async (): Promise<void> => systemctl(["daemon-reload"], UNIT_TIMEOUT_MS),

    changeUnit: async (kind: keyof typeof VERBS, unit: string, mayStart: boolean): Promise<void> => {
      await systemctl([kind === "restart" && mayStart ? "restart" : VERBS[kind], unit], UNIT_TIMEOUT_MS);
    },
  };
}

async function systemctl(args: readonly string[], timeoutMs: number): Promise<void> {
  await runCommand(["systemctl", ...args], { signal: AbortSignal.timeout(timeoutMs) });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
