import { setTimeout as sleep } from "node:timers/promises";

import { callMachine, type MachineClients } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import { toStatusDocument } from "../statusDocument.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { createView } from "../update/view.ts";
import { UsageError } from "../usageError.ts";
import { addLines, addLoad, pressKey, startDashboard, type DashboardState } from "./dashboardState.ts";
import { renderDashboard } from "./renderDashboard.ts";

/** What of a terminal it needs; in the program, stdin and stdout. */
export interface DashboardTerminal {
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly write: (text: string) => void;
  /** @returns what stops it */
  readonly onKey: (listener: (key: string) => void) => () => void;
  readonly onResize: (listener: () => void) => () => void;
}

const EVERY_MS = 2000;
const TIMEOUT_MS = 30_000;
const FIRST_LINES = 100;

// xterm's control sequences: another screen that leaves the one before as it was, and no cursor.
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/** Until `q`, Ctrl-C or SIGTERM. A machine that goes away is waited for. */
export async function runDashboard(
  machine: NamedMachine,
  terminal: DashboardTerminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const quitting = new AbortController();
  const ending = AbortSignal.any([signal, quitting.signal]);
  let state = startDashboard(machine.name, new Date());
  const draw = () => {
    const screen = renderDashboard(state, terminal.size(), createView(process.stdout));
    terminal.write(HOME + screen.replaceAll("\n", `${CLEAR_LINE}\r\n`) + CLEAR_LINE + CLEAR_BELOW);
  };
  const change = (to: (state: DashboardState) => DashboardState) => {
    state = { ...to(state), now: new Date() };
    draw();
  };
  const stopKeys = terminal.onKey((key) => {
    const next = pressKey(state, key);
    if (next === undefined) quitting.abort();
    else change(() => next);
  });
  const stopResize = terminal.onResize(draw);
  terminal.write(ENTER);
  try {
    draw();
    while (!ending.aborted) {
      try {
        await follow(machine, () => state, change, ending);
      } catch (error) {
        if (ending.aborted) break;
        const reason = error instanceof Error ? error.message : String(error);
        change((before) => ({ ...before, connection: { state: "reconnecting", reason } }));
        await sleep(EVERY_MS, undefined, { signal: ending }).catch(() => {});
      }
    }
  } finally {
    stopKeys();
    stopResize();
    terminal.write(LEAVE);
  }
  return signal.aborted ? EXIT_CODE.interrupted : EXIT_CODE.ok;
}

type Change = (to: (state: DashboardState) => DashboardState) => void;

/** Over one connection, until it breaks. */
async function follow(
  machine: NamedMachine,
  read: () => DashboardState,
  change: Change,
  signal: AbortSignal,
): Promise<void> {
  await callMachine(machine, { purpose: "show the dashboard", signal }, async (clients) => {
    const broken = new AbortController();
    const call = { signal: AbortSignal.any([signal, broken.signal]) };
    try {
      await Promise.race([poll(clients, read, change, call.signal), followLog(clients, change, call.signal)]);
    } finally {
      broken.abort();
    }
  });
}

async function poll(
  { machine, update, observe }: MachineClients,
  read: () => DashboardState,
  change: Change,
  signal: AbortSignal,
): Promise<never> {
  const options = { signal, timeoutMs: TIMEOUT_MS };
  for (;;) {
    const load = await observe.getLoad({}, options);
    change((state) => addLoad({ ...state, connection: { state: "live" } }, load));
    const [status, updates, disks] = await Promise.all([
      machine.getStatus({}, options),
      // A system without an updater, or one whose updater does not answer, is shown without.
      update.getUpdateState({}, options).catch(() => undefined),
      observe.listDisks({}, options),
    ]);
    change((state) => ({ ...state, status: toStatusDocument(status, updates), disks }));
    if (read().tab === "services") {
      const units = await observe.listUnits({ patterns: ["*.service"] }, options);
      change((state) => ({ ...state, units }));
    }
    if (read().tab === "network") {
      const network = await observe.getNetwork({}, options);
      change((state) => ({ ...state, network }));
    }
    await sleep(EVERY_MS, undefined, { signal });
  }
}

async function followLog({ observe }: MachineClients, change: Change, signal: AbortSignal): Promise<never> {
  change((state) => ({ ...state, log: [] })); // all of them come again
  const request = { follow: true, lines: FIRST_LINES };
  for await (const { lines } of observe.readJournal(request, { signal }))
    change((state) => addLines(state, lines));
  throw new Error("the machine ended the log");
}

/** `socle dashboard`. */
export async function showDashboard(
  machine: NamedMachine,
  { signal }: Pick<CommandContext, "signal">,
): Promise<ExitCode> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY)
    throw new UsageError("needs-terminal", "The dashboard needs a terminal, for its keys and its screen", {
      hint: "For a program: socle status -o json, socle logs -f -o json, socle disks --watch -o json.",
    });
  // Also when a second signal ends the process at once.
  const restore = () => void stdout.write(LEAVE);
  process.once("exit", restore);
  try {
    return await runDashboard(
      machine,
      {
        size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
        write: (text) => void stdout.write(text),
        onKey(listener) {
          const onData = (bytes: Buffer) => listener(bytes.toString());
          stdin.setRawMode(true).resume().on("data", onData);
          return () => void stdin.off("data", onData).setRawMode(false).pause();
        },
        onResize(listener) {
          stdout.on("resize", listener);
          return () => void stdout.off("resize", listener);
        },
      },
      signal,
    );
  } finally {
    process.off("exit", restore);
  }
}
