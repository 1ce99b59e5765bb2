import type { Report } from "#progress/events.ts";

export const OUTPUT_FORMATS = ["table", "json", "yaml"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** All that a command may know of the terminal it was started from. It returns its exit code. */
export interface CommandContext {
  /** The result. Written as it is; the caller ends its lines. */
  readonly stdout: (text: string) => void;
  /** Notes for a person. Progress goes through `report`. */
  readonly stderr: (text: string) => void;
  readonly report: Report;
  /** Aborted by the first Ctrl-C or SIGTERM; the command cleans up and rejects. */
  readonly signal: AbortSignal;
  /** Whether a person can be asked: stdin and stderr are a terminal, and this is not CI. */
  readonly isTerminal: boolean;
  readonly output: OutputFormat;
  /** `-q`: print the bare result only, a path or a digest. */
  readonly isQuiet: boolean;
  /** The folder of the clone: tools, caches and examples are below it. */
  readonly projectRoot: string;
}
