import { SocleError } from "#progress/socleError.ts";
import { EXIT_CODE, type ExitCode } from "./exitCode.ts";
import { toExitCode } from "./exitCodeTable.ts";

/** An error as a person or a script needs it: what failed, why, what to do next. */
export interface Problem {
  /** What failed; one line. */
  readonly title: string;
  /** What else the message says, line by line. */
  readonly body: readonly string[];
  /** Why, from the nearest cause to the deepest; none repeats what was said before it. */
  readonly causes: readonly string[];
  /** Stable, listed in docs/errors.md; absent for an error that nobody foresaw. */
  readonly code: string | undefined;
  readonly hint: string | undefined;
  readonly outputTail: string | undefined;
  readonly exitCode: ExitCode;
  /** With the stacks of its causes, for `--debug`. */
  readonly trace: string;
}

/** Failures of the machine below us that have one usual remedy. */
const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "make room on this disk (socle cache prune frees what no build uses), then run it again",
  EDQUOT: "your disk quota is used up: make room, then run it again",
  EACCES: "run it as root, or as the owner of that file",
  EPERM: "run it as root, or as the owner of that file",
  EROFS: "that folder is on a read-only file system: name another one",
  EMFILE: "allow more open files: ulimit -n 4096",
  EADDRINUSE: "another program uses that port: choose another one with --port or --forward",
};

export function toProblem(error: unknown): Problem {
  const chain = toChain(error);
  const known = chain.filter((link) => link instanceof SocleError);
  const [title = "", ...body] = toMessage(error).split("\n");
  const shared = {
    body,
    causes: toCauses(chain),
    outputTail: known.find((link) => link.outputTail !== undefined)?.outputTail,
    trace: toTrace(chain),
  };

  if (isAbort(chain)) {
    return {
      ...shared,
      title: "interrupted",
      body: [],
      causes: [],
      ...noAdvice,
      exitCode: EXIT_CODE.interrupted,
    };
  }
  const hint = known.find((link) => link.hint !== undefined)?.hint ?? findSystemHint(chain);
  if (error instanceof SocleError) {
    return { ...shared, title, code: error.code, hint, exitCode: toExitCode(known.map((link) => link.code)) };
  }
  if (isSystemError(error)) {
    return { ...shared, title, code: undefined, hint, exitCode: EXIT_CODE.failed };
  }
  return {
    ...shared,
    title: `this is a defect in socle: ${title}`,
    code: undefined,
    hint: "run the same command with --debug and report what it prints",
    exitCode: EXIT_CODE.failed,
  };
}

const noAdvice = { code: undefined, hint: undefined, outputTail: undefined } as const;

/** The error and its causes; a cycle ends it. */
function toChain(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let link = error; link !== undefined && link !== null && !chain.includes(link);) {
    chain.push(link);
    link = link instanceof Error ? link.cause : undefined;
  }
  return chain;
}

function toMessage(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const parts = error.errors.map((part: unknown) => toMessage(part));
    return [...new Set([error.message, ...parts])].filter((part) => part !== "").join("\n");
  }
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? error.name : error.message;
}

function toCauses(chain: readonly unknown[]): string[] {
  const said = [toMessage(chain[0])];
  for (const cause of chain.slice(1)) {
    const message = toMessage(cause);
    if (!said.some((earlier) => earlier.includes(message))) said.push(message);
  }
  return said.slice(1);
}

function toTrace(chain: readonly unknown[]): string {
  return chain
    .map((link) => (link instanceof Error ? (link.stack ?? toMessage(link)) : String(link)))
    .join("\nCaused by: ");
}

function isAbort(chain: readonly unknown[]): boolean {
  return chain.some((link) => link instanceof Error && link.name === "AbortError");
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

function findSystemHint(chain: readonly unknown[]): string | undefined {
  const code = chain.find(isSystemError)?.code;
  return code === undefined ? undefined : SYSTEM_HINTS[code];
}
