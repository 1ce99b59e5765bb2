import { spawn } from "node:child_process";
import { once } from "node:events";

/** Holds a flock(1) lock while something is measured, so that others who take it do not disturb; nothing without a file. */
export async function holdLock(file: string | undefined): Promise<AsyncDisposable> {
  if (file === undefined) return { async [Symbol.asyncDispose]() {} };
  const holder = spawn("flock", [file, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await once(holder, "close");
    },
  };
}
