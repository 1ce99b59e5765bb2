import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { runCommand } from "./runCommand.ts";

/**
 * The machine this process runs on, for putting its /etc in place; the form agent/configureEtc.ts asks
 * for. Apart from files.ts, because loading node:crypto takes longer than all code of this program.
 */
export function createEtcMachine() {
  return {
    /** Undefined when there is no such file. */
    readText: async (path: string): Promise<string | undefined> => {
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException; // node:fs throws nothing else
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        throw error;
      }
    },

    /** Writes a file, and the folders above it, with these permission bits whatever the umask. */
    writeText: async (path: string, content: string, mode: number): Promise<void> => {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeFile(path, content);
      await chmod(path, mode);
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

    reloadUnits: async (): Promise<void> => {
      await runCommand(["systemctl", "daemon-reload"]);
    },

    startUnit: async (unit: string): Promise<void> => {
      await runCommand(["systemctl", "--no-block", "start", unit]);
    },
  };
}
