import { spawn } from "node:child_process";
import { mkdir, open, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { hashFile, writeAtomic } from "./files.ts";
import { createLinuxMachine, monotonicUs } from "./linuxMachine.ts";

/** While a slow machine still starts, systemd has more to do than to answer. */
const SYSTEMD_TIMEOUT_MS = 60_000;

/** The form agent/health/healthMachine.ts asks for. */
export function createHealthMachine() {
  const { readFile, listFolder, run } = createLinuxMachine({ programTimeoutMs: SYSTEMD_TIMEOUT_MS });
  return {
    readFile,
    listFolder,
    run,
    freeBytes: async (folder: string): Promise<number | undefined> => {
      const room = await statfs(folder).catch(() => undefined);
      return room === undefined ? undefined : room.bavail * room.bsize;
    },
    hashFile: (path: string): Promise<string> => hashFile(path),
    writeDurably,
    remove: (path: string): Promise<void> => rm(path, { force: true }),
    ask,
    uptimeUs: monotonicUs,
    sleep: async (durationMs: number): Promise<void> => sleep(durationMs),
  };
}

/** A restart follows at once, and must find what was written: both the file and its name are synced. */
async function writeDurably(path: string, content: string, mode?: number): Promise<void> {
  const folder = dirname(path);
  const made = await mkdir(folder, { recursive: true });
  await writeAtomic(path, content, mode);
  await syncFolder(folder);
  // Of folders that were just made, the names must stay too.
  for (let above = folder; made !== undefined && above.length >= made.length; above = dirname(above))
    await syncFolder(dirname(above));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const TAIL_CHARACTERS = 2000;
const TAIL_LINES = 5;

async function ask(
  [program = "", ...args]: readonly string[],
  timeoutMs: number,
): Promise<{ exitStatus: number | undefined; output: string }> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (said: string) => (text = (text + said).slice(-TAIL_CHARACTERS)));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      const output = text.trim().split("\n").slice(-TAIL_LINES).join("\n");
      resolve({ exitStatus: status ?? undefined, output });
    });
  });
}
