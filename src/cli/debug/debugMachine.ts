import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import type {
  DebugEnd,
  DebugSession,
  OpenDebugSessionRequestSchema,
} from "#protocol/gen/socle/v1/debug_pb.ts";

import { callMachine } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import { EXIT_CODE } from "../exitCode.ts";
import { writeStdout } from "../observe/writeStdout.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { UsageError } from "../usageError.ts";
import { InputQueue } from "./inputQueue.ts";
import { openOwnTerminal, type SessionTerminal } from "./sessionTerminal.ts";

export interface DebugOptions {
  /** Milliseconds. */
  readonly for: number;
  readonly reason?: string;
}

export interface DebugSurroundings {
  /** Undefined: nothing is typed, and what is shown comes as it is. */
  readonly terminal: SessionTerminal | undefined;
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

type Context = Pick<CommandContext, "stderr" | "signal" | "isQuiet">;
type Input = MessageInitShape<typeof OpenDebugSessionRequestSchema>;

/** `socle debug`: until what runs ends, or its time. @returns the exit code of what ran */
export async function debugMachine(
  machine: NamedMachine,
  command: readonly string[],
  { for: durationMs, reason }: DebugOptions,
  context: Context,
  { terminal, write }: DebugSurroundings = { terminal: openOwnTerminal(), write: writeStdout },
): Promise<number> {
  if (reason === undefined)
    throw new UsageError("needs-reason", "A debug session needs a reason", {
      hint: 'Add it: --reason "…". It is kept on the machine, and its status shows it until it is imaged anew.',
    });
  if (terminal === undefined && command.length === 0)
    throw new UsageError("needs-terminal", "A shell needs a terminal, and there is none", {
      hint: 'Name a program: socle debug --reason "…" -- ps',
    });
  const inputs = new InputQueue<Input>();
  const start = { reason, seconds: Math.ceil(durationMs / 1000), command: [...command] };
  const size = terminal?.size();
  inputs.push({ input: { case: "start", value: size === undefined ? start : { ...start, size } } });
  if (terminal === undefined) inputs.end();
  const { signal } = context;
  const call = { purpose: "open a debug session on", signal };
  const end = await callMachine(machine, call, async ({ debug }) => {
    let close: (() => void) | undefined;
    let last: DebugEnd | undefined;
    try {
      for await (const { output } of debug.openDebugSession(inputs, { signal })) {
        if (output.case === "data") await write(output.value);
        if (output.case === "ended") last = output.value;
        if (output.case !== "started") continue;
        tellStart(machine, output.value, context);
        close = terminal?.open({
          onTyped: (bytes) => inputs.push({ input: { case: "data", value: Uint8Array.from(bytes) } }),
          onResize: (to) => inputs.push({ input: { case: "size", value: to } }),
        });
      }
      return last;
    } finally {
      inputs.end();
      close?.();
    }
  });
  return toExitCode(end, context);
}

function tellStart({ name }: NamedMachine, { id, until }: DebugSession, { stderr, isQuiet }: Context): void {
  if (isQuiet) return;
  const end = until === undefined ? "" : `, until ${timestampDate(until).toISOString()} at the latest`;
  stderr(
    `Debug session ${toVisibleText(id)} on ${name}${end}. It is recorded; the machine is not pristine from now on.\n`,
  );
}

function toExitCode(end: DebugEnd | undefined, { stderr }: Context): number {
  if (end?.reason === "exit") return end.code;
  stderr(
    `\nThe debug session was ended: ${end?.reason === "time-is-up" ? "its time is up" : "by the machine"}.\n`,
  );
  return end?.reason === "time-is-up" ? EXIT_CODE.timedOut : EXIT_CODE.failed;
}
