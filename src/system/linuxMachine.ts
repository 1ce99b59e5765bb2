import { execFile } from "node:child_process";
import type { Stats } from "node:fs";
import { lstat, readFile, readdir, readlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";

import { readPrivilegedLook } from "./privilegedLook.ts";

const execFileAsync = promisify(execFile);

/** systemctl answers within milliseconds, or, with a dead manager, never. */
const PROGRAM_TIMEOUT_MS = 10_000;

/** The machine this process runs on, for reading; the form agent/machineFacts.ts asks for. */
export function createLinuxMachine({ programTimeoutMs = PROGRAM_TIMEOUT_MS } = {}) {
  return {
    readFile: (path: string): Promise<Uint8Array | undefined> => orUndefined(readFile(path)),

    /** In one call, as the files of the kernel want it. */
    writeKernelFile: (path: string, bytes: Uint8Array): Promise<void> => writeFile(path, bytes),

    listFolder: async (path: string): Promise<string[]> => (await orUndefined(readdir(path))) ?? [],

    readEntry: (path: string) => orUndefined(readEntry(path)),

    look: readPrivilegedLook,

    run: async (program: string, args: readonly string[]): Promise<string> => {
      const { stdout } = await execFileAsync(program, args, {
        timeout: programTimeoutMs,
        killSignal: "SIGKILL",
        // In English and in UTF-8, because the output is parsed.
        env: { ...process.env, LC_ALL: "C.UTF-8", SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" },
        maxBuffer: 16 * 1024 * 1024,
      });
      return stdout;
    },
  };
}

/** Microseconds of CLOCK_MONOTONIC, the clock of systemd's timestamps: on Linux, 0 is the kernel's start. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

async function readEntry(path: string) {
  const stats = await lstat(path);
  const type = toFileType(stats);
  return {
    type,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    sizeBytes: type === "file" ? stats.size : 0,
    target: type === "symlink" ? await readlink(path) : "",
  };
}

type FileType =
  | "file"
  | "directory"
  | "symlink"
  | "character-device"
  | "block-device"
  | "fifo"
  | "socket"
  | "unknown";

function toFileType(stats: Stats): FileType {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isCharacterDevice()) return "character-device";
  if (stats.isBlockDevice()) return "block-device";
  if (stats.isFIFO()) return "fifo";
  return stats.isSocket() ? "socket" : "unknown";
}

/** What does not exist is an answer; what exists and cannot be read is an error. */
export async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // node:fs throws nothing else
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
