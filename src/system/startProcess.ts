import { spawn } from "node:child_process";

/** A program that runs beside us until it ends or is killed. */
export interface RunningProcess {
  readonly pid: number;
  /** Settles when it has ended, however. */
  readonly ended: Promise<{ readonly status: number | null; readonly killedBy: string | null }>;
  /** Ends it and its children at once. */
  kill(): void;
}

export interface StartOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Standard output, as it comes. */
  readonly onOutput: (text: string) => void;
  /** Standard error, as it comes. */
  readonly onError: (text: string) => void;
}

/** Starts a program without a shell, in a process group of its own. */
export function startProcess(argv: readonly string[], options: StartOptions): RunningProcess {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    env: options.environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  child.stdout.setEncoding("utf8").on("data", options.onOutput);
  child.stderr.setEncoding("utf8").on("data", options.onError);
  const ended = new Promise<{ status: number | null; killedBy: string | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, killedBy) => resolve({ status, killedBy }));
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    ended,
    kill() {
      try {
        if (pid > 0) process.kill(-pid, "SIGKILL");
      } catch {
        // it has ended by itself
      }
    },
  };
}
