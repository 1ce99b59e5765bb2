import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { runCommand } from "../runCommand.ts";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface TerminalRequest {
  readonly words: readonly string[];
  readonly size: TerminalSize | undefined;
  readonly recording: string;
  readonly timing: string;
  readonly unit: string | undefined;
}

/** So that no session fills the disk with what it shows: then it is ended. */
const MOST_RECORDED = "64MiB";
/** What a unit is given to end in, a little more than it takes by itself. */
const GRACE_MS = 4000;
const NAME_DESCRIPTOR = 3;

/**
 * Runs a command in a terminal of its own: script(1) makes it and records what is shown, with the time of each piece.
 * What is typed is not recorded: passwords are typed without being shown. Fulfils agent/debug/debugHost.ts.
 */
export async function openTerminal({ words, size, recording, timing, unit }: TerminalRequest) {
  const child = spawn(
    "script",
    // prettier-ignore
    [
      "--quiet", "--flush", "--return", "--echo", "never", "--output-limit", MOST_RECORDED,
      "--log-out", recording, "--log-timing", timing, "--command", 'eval "$SESSION"',
    ],
    {
      stdio: ["pipe", "pipe", "inherit", "pipe"],
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        SHELL: "/bin/sh",
        LANG: "C.UTF-8",
        TERM: "xterm-256color",
        // systemd-run would change title and colour of the caller's terminal.
        SYSTEMD_ADJUST_TERMINAL_TITLE: "0",
        SYSTEMD_TINT_BACKGROUND: "0",
        // Not as an argument: the recording begins with those.
        SESSION: toScript(words, size),
      },
    },
  );
  // Pipes, as spawned.
  const stdin = child.stdin as Writable;
  const stdout = child.stdout as Readable;
  stdin.on("error", () => {}); // it has ended, which `exited` says
  const exited = toExitCode(child);
  exited.catch(() => {}); // thrown below
  const name = await Promise.race([
    readName(child.stdio[NAME_DESCRIPTOR] as Readable), // so is this one
    exited.then(() => undefined),
  ]);
  const end = async () => {
    if (unit !== undefined) await runCommand(["systemctl", "stop", unit]).catch(() => {}); // it may be gone
    const patience = new AbortController();
    const waited = sleep(unit === undefined ? 0 : GRACE_MS, undefined, { signal: patience.signal });
    await Promise.race([exited, waited.catch(() => {})]);
    patience.abort();
    child.kill("SIGKILL"); // then the terminal hangs up
  };
  return {
    output: stdout as AsyncIterable<Uint8Array>,
    exited,
    end,
    write: async (typed: Uint8Array) => {
      if (stdin.writable && !stdin.write(typed)) await Promise.race([once(stdin, "drain"), exited]);
    },
    endInput: () => void stdin.end(),
    resize: async (to: TerminalSize) => {
      if (name !== undefined) await runCommand(toStty(name, to)).catch(() => {}); // it may have ended
    },
  };
}

/** Tells the terminal's name, gives it its size, and becomes the command. */
function toScript(words: readonly string[], size: TerminalSize | undefined): string {
  const prepare = size === undefined ? "stty -onlcr" : `stty rows ${size.rows} cols ${size.columns}`;
  const input = size === undefined ? " < /dev/null" : "";
  return `tty >&${NAME_DESCRIPTOR}; exec ${NAME_DESCRIPTOR}>&-; ${prepare}; exec ${words.map(quote).join(" ")}${input}`;
}

/** POSIX shells, XCU 2.2.2. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function toStty(name: string, { columns, rows }: TerminalSize): string[] {
  return ["stty", "-F", name, "rows", String(rows), "cols", String(columns)];
}

async function readName(pipe: Readable): Promise<string | undefined> {
  let name = "";
  for await (const bytes of pipe as AsyncIterable<Buffer>) {
    name += bytes.toString();
    if (name.includes("\n")) break;
  }
  return name.trim() || undefined;
}

/** Of a program that a signal ended, as a shell would say it. */
async function toExitCode(child: ReturnType<typeof spawn>): Promise<number> {
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return code ?? (signal === null ? 255 : 137);
}
