import { spawn } from "node:child_process";

import { SocleError } from "#progress/socleError.ts";

/** A command of the host or of a tools tree ended with an error. */
export class CommandError extends SocleError<"command-failed" | "command-missing"> {
  override readonly name = "CommandError";
  readonly exitStatus: number | undefined;

  constructor(
    code: "command-failed" | "command-missing",
    message: string,
    options: { hint?: string; outputTail?: string; cause?: unknown; exitStatus?: number } = {},
  ) {
    super(code, message, options);
    this.exitStatus = options.exitStatus;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the child; the caller's own when absent. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Called with each full line of standard output and standard error. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** The name in error messages; the program's own name when absent. */
  readonly title?: string;
}

export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

const TAIL_LINES = 20;

/**
 * Runs a program to its end, without a shell. It gets a process group of its own, which is killed
 * whole when the signal aborts.
 */
export async function runCommand(argv: readonly string[], options: RunOptions = {}): Promise<CommandOutput> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("runCommand needs a program");
  const title = options.title ?? program;
  options.signal?.throwIfAborted();

  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.environment ?? process.env,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    detached: true,
  });
  const abort = () => killGroup(child.pid);
  options.signal?.addEventListener("abort", abort, { once: true });

  const tail: string[] = [];
  const take = (line: string) => {
    tail.push(line);
    // A tool may have much to clean up and to say after its disk was full.
    if (tail.length > TAIL_LINES) tail.splice(isNoRoom(tail[0] ?? "") ? 1 : 0, 1);
    options.onLine?.(line);
  };
  const stdout = collect(child.stdout, take);
  const stderr = collect(child.stderr, take);
  if (child.stdin !== null) {
    child.stdin.on("error", () => {}); // a child that ends early says why by its exit status
    child.stdin.end(options.input);
  }
  try {
    const [status, killedBy] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, by) => resolve([code, by]));
    });
    options.signal?.throwIfAborted();
    if (status !== 0) {
      const end = killedBy === null ? `exit status ${String(status)}` : `signal ${killedBy}`;
      throw new CommandError("command-failed", `${title} failed: ${end}`, {
        outputTail: tail.join("\n"),
        ...(status === null ? {} : { exitStatus: status }),
      });
    }
    return { stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    if (isMissing(error)) {
      throw new CommandError("command-missing", `Cannot run ${title}: "${program}" is not installed`, {
        cause: error,
      });
    }
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

function collect(stream: NodeJS.ReadableStream | null, take: (line: string) => void): { text: () => string } {
  const chunks: string[] = [];
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    chunks.push(chunk);
    const lines = (rest + chunk).split(/\r?\n|\r/);
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
  stream?.on("end", () => {
    if (rest !== "") take(rest);
  });
  return { text: () => chunks.join("") };
}

/** What every tool says in the C.UTF-8 locale when a disk, or a quota, is used up. */
export function isNoRoom(output: string): boolean {
  return /No space left on device|Disk quota exceeded/.test(output);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
