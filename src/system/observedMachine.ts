import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, realpath, stat, statfs } from "node:fs/promises";
import { createInterface } from "node:readline";

import { createLinuxMachine, orUndefined } from "./linuxMachine.ts";

/** The machine this process runs on; the form agent/observe/observeMachine.ts asks for. */
export function createObservedMachine() {
  return {
    ...createLinuxMachine(),
    runLines,

    readFilePart: async (path: string, offsetBytes: number, sizeBytes: number): Promise<Uint8Array> => {
      const file = await open(path);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offsetBytes);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },

    realPath: (path: string): Promise<string | undefined> => orUndefined(realpath(path)),

    readModifiedMs: async (path: string): Promise<number | undefined> =>
      (await orUndefined(stat(path)))?.mtimeMs,

    statFileSystem: async (path: string) => {
      const { blocks, bavail, bsize } = await statfs(path);
      return { sizeBytes: blocks * bsize, freeBytes: bavail * bsize };
    },
  };
}

/** How much of what a program says about a failure is kept. */
const MOST_ERROR_CHARACTERS = 4096;

async function* runLines(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C.UTF-8", SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" },
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-MOST_ERROR_CHARACTERS);
  });
  const ended = once(child, "close") as Promise<[number | null]>;
  ended.catch(() => {}); // thrown below, where it is awaited
  const stop = () => child.kill();
  signal.addEventListener("abort", stop, { once: true });
  let isRead = false;
  try {
    // Takes no more from the pipe than is asked for, so a program that says much waits for whoever reads.
    yield* createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
    isRead = true;
  } finally {
    signal.removeEventListener("abort", stop);
    if (!isRead) {
      child.stdout.destroy();
      child.kill();
    }
  }
  const [status] = await ended;
  signal.throwIfAborted();
  if (status !== 0) throw new Error(`${program} ended with ${status ?? "a signal"}: ${complaint.trim()}`);
}
