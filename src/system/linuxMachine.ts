import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { promisify } from "node:util";

const execFileAsync = promisify(execFile);

/** systemctl answers within milliseconds, or, with a dead manager, never. */
const PROGRAM_TIMEOUT_MS = 10_000;

/** The machine this process runs on, for reading; the form agent/machineFacts.ts asks for. */
export function createLinuxMachine() {
  return {
    readFile: (path: string): Promise<Uint8Array | undefined> => orUndefined(readFile(path)),

    listFolder: async (path: string): Promise<string[]> => (await orUndefined(readdir(path))) ?? [],

    run: async (program: string, args: readonly string[]): Promise<string> => {
      const { stdout } = await execFileAsync(program, args, {
        timeout: PROGRAM_TIMEOUT_MS,
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

/** What does not exist is an answer; what exists and cannot be read is an error. */
async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // node:fs throws nothing else
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
