import { chmod, mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { runCommand } from "./runCommand.ts";

/**
 * The machine this process runs on, for putting its /etc in place; the form agent/configureEtc.ts asks
 * for. Apart from files.ts, because loading node:crypto takes longer than all code of this program.
 */
export function createEtcMachine() {
  return {
    /** Undefined when there is no such file. */
    readText: (path: string): Promise<string | undefined> => orUndefined(readFile(path, "utf8")),

    /** None when there is no such folder. */
    listFolder: async (path: string): Promise<string[]> => (await orUndefined(readdir(path))) ?? [],

    /** Writes a file, and the folders above it, with these permission bits whatever the umask. */
    writeText: async (path: string, content: string, mode: number): Promise<void> => {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeFile(path, content);
      await chmod(path, mode);
    },

    /** The same, whole or not at all. Not synced: it is for files in memory. */
    replaceText: async (path: string, content: string, mode: number): Promise<void> => {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      const beside = `${path}.tmp`;
      await writeFile(beside, content, { mode });
      await chmod(beside, mode);
      await rename(beside, path);
    },

    /** Makes a symbolic link, and the folders above it. */
    writeLink: async (path: string, target: string): Promise<void> => {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await symlink(target, path);
    },

    /** Writes into a file of the kernel's, which is there and takes no permission bits. */
    writeKernelSetting: (path: string, value: string): Promise<void> => writeFile(path, value),

    mountTmpfs: async (target: string): Promise<void> => {
      await mkdir(target, { recursive: true });
      await runCommand(["mount", "-t", "tmpfs", "-o", "mode=0755,nosuid,nodev,noexec", "tmpfs", target]);
    },

    /** Without an upper folder nobody can ever write to it, and the kernel refuses to remount it writable. */
    mountReadOnlyOverlay: async (layers: readonly string[], target: string): Promise<void> => {
      const options = `ro,lowerdir=${layers.join(":")}`;
      await runCommand(["mount", "-t", "overlay", "-o", options, "overlay", target]);
    },

    unmount: async (target: string): Promise<void> => {
      await runCommand(["umount", target]);
    },

    unmountLazily: async (target: string): Promise<void> => {
      await runCommand(["umount", "--lazy", target]);
    },

    reloadUnits: async (): Promise<void> => {
      await runCommand(["systemctl", "daemon-reload"]);
    },

    startUnit: async (unit: string): Promise<void> => {
      await runCommand(["systemctl", "--no-block", "start", unit]);
    },
  };
}

async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // node:fs throws nothing else
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
