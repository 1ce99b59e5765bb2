import type { Machine } from "../machineFacts.ts";

/** What the health program needs from the machine it runs on. The real one is system/healthMachine.ts. */
export interface HealthMachine extends Pick<Machine, "readFile" | "listFolder" | "run"> {
  /** What a user without privileges could still write below a folder; undefined when it cannot be asked. */
  freeBytes(folder: string): Promise<number | undefined>;
  /** SHA-256 in hex. */
  hashFile(path: string): Promise<string>;
  /** Whole or not at all, and there for good when the promise is kept. */
  writeDurably(path: string, content: string, mode?: number): Promise<void>;
  remove(path: string): Promise<void>;
  /** Runs a program to its end; killed after `timeoutMs`. */
  ask(argv: readonly string[], timeoutMs: number): Promise<Answer>;
  /** Microseconds since the kernel started. */
  uptimeUs(): number;
  sleep(durationMs: number): Promise<void>;
}

export interface Answer {
  /** Undefined: it was killed, since it took too long. */
  readonly exitStatus: number | undefined;
  /** The last lines of standard output and standard error. */
  readonly output: string;
}
