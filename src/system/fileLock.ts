import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

import { CommandError } from "./runCommand.ts";

/**
 * Runs `work` while holding an exclusive lock on a file; waits for whoever holds it. The lock is
 * flock(1)'s and lives in a child whose standard input is ours: when this process dies, however it
 * dies, the input ends, the child ends, and the kernel frees the lock.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<T> {
  options.signal?.throwIfAborted();
  await mkdir(dirname(path), { recursive: true });
  const holder = spawn("flock", ["--exclusive", path, "sh", "-c", "echo held; read _ || :"], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // a Ctrl-C reaches us first; we end the holder when the work has stopped
  });
  let said = "";
  holder.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  holder.stdin.on("error", () => {}); // it has ended; its exit status says why
  const patience = setTimeout(() => options.onWait?.(), 300);
  try {
    await new Promise<void>((resolve, reject) => {
      holder.once("error", (cause) => {
        reject(
          new CommandError("command-missing", `Cannot lock "${path}": "flock" is not installed`, {
            cause,
            hint: "apt install util-linux",
          }),
        );
      });
      holder.once("close", (status) => {
        reject(
          new CommandError("command-failed", `Cannot lock "${path}": flock ended with ${String(status)}`, {
            outputTail: said.trim(),
          }),
        );
      });
      holder.stdout.once("data", () => resolve());
      options.signal?.addEventListener("abort", () => reject(options.signal?.reason as Error), {
        once: true,
      });
    });
    clearTimeout(patience);
    return await work();
  } finally {
    clearTimeout(patience);
    holder.stdin.end();
    // Where we gave up waiting, flock itself is still in the queue and does not read its input.
    if (holder.pid !== undefined) {
      try {
        process.kill(-holder.pid, "SIGKILL");
      } catch {
        // it has ended
      }
    }
  }
}
