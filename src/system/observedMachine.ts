import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, lstat, open, readlink, realpath, statfs } from "node:fs/promises";
import { networkInterfaces } from "node:os";

import { createLinuxMachine, orUndefined } from "./linuxMachine.ts";
import { splitLines } from "./splitLines.ts";

/** The machine this process runs on; the form agent/observe/observeMachine.ts asks for. */
export function createObservedMachine() {
  return {
    ...createLinuxMachine(),
    runBytes,
    openFile,

    runLines: (program: string, args: readonly string[], signal: AbortSignal): AsyncGenerator<string> =>
      splitLines(runBytes(program, args, { signal })),

    realPath: (path: string): Promise<string | undefined> => orUndefined(realpath(path)),

    readModifiedMs: async (path: string): Promise<number | undefined> =>
      (await orUndefined(lstat(path)))?.mtimeMs,

    statFileSystem: async (path: string) => {
      const { blocks, bavail, bsize } = await statfs(path);
      return { sizeBytes: blocks * bsize, freeBytes: bavail * bsize };
    },

    // eslint-disable-next-line typescript/require-await -- a machine that is only data, or far away, may have to wait
    listAddresses: async () =>
      Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
        addresses.flatMap(({ cidr }) => (cidr === null ? [] : [{ interface: name, address: cidr }])),
      ),
  };
}

/** Does not wait for whoever should write into a FIFO that was put there after somebody looked. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

async function openFile(path: string) {
  const file = await open(path, FLAGS);
  try {
    const [stats, found] = await Promise.all([file.stat(), readlink(`/proc/self/fd/${file.fd}`)]);
    return {
      path: found,
      isFile: stats.isFile(),
      readPart: async (offsetBytes: number, sizeBytes: number): Promise<Uint8Array> => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offsetBytes);
        return buffer.subarray(0, bytesRead);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** How much of what a program says about a failure is kept. */
const MOST_ERROR_CHARACTERS = 4096;

async function* runBytes(
  program: string,
  args: readonly string[],
  { signal, stop }: { readonly signal: AbortSignal; readonly stop?: AbortSignal },
): AsyncGenerator<Uint8Array> {
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
  const end = () => void child.kill();
  signal.addEventListener("abort", end, { once: true });
  stop?.addEventListener("abort", end, { once: true });
  if (stop?.aborted === true) end();
  let isRead = false;
  try {
    // Takes no more from the pipe than is asked for, so a program that says much waits for whoever reads.
    for await (const bytes of child.stdout) yield bytes as Buffer; // no encoding is set
    isRead = true;
  } finally {
    signal.removeEventListener("abort", end);
    stop?.removeEventListener("abort", end);
    if (!isRead) {
      child.stdout.destroy();
      child.kill();
    }
  }
  const [status] = await ended;
  signal.throwIfAborted();
  if (status !== 0 && stop?.aborted !== true)
    throw Object.assign(new Error(`${program} ended with ${status ?? "a signal"}: ${complaint.trim()}`), {
      exitStatus: status,
      complaint: complaint.trim(),
    });
}
