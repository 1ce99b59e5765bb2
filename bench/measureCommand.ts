import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Sample {
  readonly seconds: number;
  /** The most that one process of the command's tree held resident. */
  readonly largestProcessBytes: number;
  /** The most that all its processes held at once; pages that they share count for each. */
  readonly wholeTreeBytes: number;
  /** Seconds of each step, where the command says them as Socle's JSON lines. */
  readonly steps?: Readonly<Record<string, number>>;
}

const SAMPLE_INTERVAL_MS = 200;

/** Runs a command to its end, and watches its time and the memory of everything that it starts. */
export async function measureCommand(
  argv: readonly string[],
  options: { readonly environment: Readonly<Record<string, string>>; readonly cwd?: string },
): Promise<Sample> {
  const [program = "", ...args] = argv;
  const startedAt = performance.now();
  const child = spawn(program, args, {
    env: options.environment,
    cwd: options.cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));

  let largestProcessBytes = 0;
  let wholeTreeBytes = 0;
  const timer = setInterval(() => {
    const tree = readProcessTree(child.pid ?? 0);
    largestProcessBytes = Math.max(largestProcessBytes, ...tree);
    wholeTreeBytes = Math.max(
      wholeTreeBytes,
      tree.reduce((sum, bytes) => sum + bytes, 0),
    );
  }, SAMPLE_INTERVAL_MS);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (status !== 0)
      throw new Error(
        `Measured command failed with ${String(status)}: ${argv.join(" ").slice(-200)}\n${output.slice(-3000)}`,
      );
    const steps = readSteps(output);
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      seconds,
      largestProcessBytes,
      wholeTreeBytes,
      ...(Object.keys(steps).length === 0 ? {} : { steps }),
    };
  } finally {
    clearInterval(timer);
  }
}

/** Steps that were done, not those found in the cache. */
function readSteps(output: string): Record<string, number> {
  const steps: Record<string, number> = {};
  for (const line of output.split("\n")) {
    if (!line.startsWith("{") || !line.includes('"step-done"')) continue;
    const event = JSON.parse(line) as { step: string; tookMs: number; cached: boolean }; // a ProgressEvent
    if (!event.cached) steps[event.step] = Math.round(event.tookMs) / 1000;
  }
  return steps;
}

const PAGE_BYTES = 4096;

/** Resident bytes of a process and of each of its descendants. */
function readProcessTree(root: number): number[] {
  const children = new Map<number, number[]>();
  const resident = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat === undefined) continue;
    resident.set(pid, stat.residentBytes);
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const found: number[] = [];
  const queue = [root];
  for (const pid of queue) {
    const bytes = resident.get(pid);
    if (bytes !== undefined) found.push(bytes);
    queue.push(...(children.get(pid) ?? []));
  }
  return found;
}

/** proc_pid_stat(5): the name, which may hold spaces, is in parentheses; then state, parent, …, resident pages as the 22nd. */
function readStat(pid: number): { parent: number; residentBytes: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(fields[1]), residentBytes: Number(fields[21]) * PAGE_BYTES };
  } catch {
    return undefined; // it has ended
  }
}
