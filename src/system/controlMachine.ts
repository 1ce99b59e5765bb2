import { dirname } from "node:path";

import { remove, writeAtomic } from "./files.ts";
import { createLinuxMachine } from "./linuxMachine.ts";
import { repositoryDisk } from "./repositoryDisk.ts";
import { CommandError, runCommand } from "./runCommand.ts";
import { listLocks, type RestartLock } from "./updater/listLocks.ts";

/** Below the agent's own limit for a call, so that its answer still says how the unit is. */
const RESTART_TIMEOUT_MS = 100_000;

/** The machine this process runs on, for the calls that change it; the form agent/control/controlMachine.ts asks for. */
export function createControlMachine({ restartTimeoutMs = RESTART_TIMEOUT_MS } = {}) {
  const { readFile, run } = createLinuxMachine();
  return {
    readFile,

    listLocks: (): Promise<RestartLock[]> => listLocks(),

    leave: async (how: "reboot" | "poweroff", { force }: { readonly force: boolean }): Promise<void> => {
      // systemd 257: a lock of the mode `block` stops root, too, unless it is told not to look.
      const inhibitors = force ? ["--check-inhibitors=no"] : [];
      await runCommand(["systemctl", "--no-block", ...inhibitors, how]);
    },

    restartUnit: async (name: string): Promise<boolean> => {
      const timeout = AbortSignal.timeout(restartTimeoutMs);
      try {
        await runCommand(["systemctl", "restart", "--", name], { signal: timeout });
      } catch (error) {
        if (timeout.aborted) return false;
        // Its job failed: the unit's state says how. Not so where systemctl itself is missing.
        if (!(error instanceof CommandError) || error.code !== "command-failed") throw error;
      }
      return true;
    },

    showUnit: (name: string, properties: readonly string[]): Promise<string> =>
      run("systemctl", ["show", `--property=${properties.join(",")}`, "--", name]),

    readLastLines: async (name: string, count: number): Promise<string[]> => {
      const words = ["--boot", `--unit=${name}`, `--lines=${count}`, "--output=cat", "--no-pager", "--quiet"];
      return (await run("journalctl", words)).split("\n").filter((line) => line !== "");
    },

    writeDurable: async (path: string, text: string): Promise<void> => {
      await writeAtomic(path, text, 0o600);
      await repositoryDisk.syncFolder(dirname(path));
    },

    removeDurable: async (path: string): Promise<void> => {
      await remove(path);
      await repositoryDisk.syncFolder(dirname(path));
    },
  };
}
