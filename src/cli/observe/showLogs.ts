import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  JournalLineSchema,
  KernelLineSchema,
  type JournalLine,
  type KernelLine,
} from "#protocol/gen/socle/v1/observe_pb.ts";

import { callMachine, MachineCallError, type MachineClients } from "../callMachine.ts";
import type { CommandContext } from "../commandContext.ts";
import { toVisibleText } from "../diff/visibleText.ts";
import { EXIT_CODE, type ExitCode } from "../exitCode.ts";
import type { Paint } from "../paint.ts";
import { createPaint } from "../paint.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { PRIORITY_WORDS } from "./priorityWords.ts";
import { toDocument } from "./toDocument.ts";
import { writeRecord } from "./writeRecord.ts";

type Context = Pick<CommandContext, "stdout" | "signal" | "output">;

export interface LogsOptions {
  readonly unit?: readonly string[];
  /** 0 is the present one; `bad` the last that was not found healthy. */
  readonly boot?: number | "bad";
  /** 0 to 7. */
  readonly priority?: number;
  readonly since?: Date;
  readonly lines?: number;
  readonly follow?: true;
  readonly grep?: string;
}

/** What a person wants to see who says nothing else. */
const USUAL_LINES = 100;

export async function showLogs(
  machine: NamedMachine,
  options: LogsOptions,
  context: Context,
): Promise<ExitCode> {
  const paint = createPaint(process.stdout);
  return followed(machine, "read the journal", context, async ({ observe }, call) => {
    const badBoot = options.boot === "bad" ? await findBadBoot(machine, observe, call) : "";
    const isBounded = options.since !== undefined || options.follow === true;
    const request = {
      units: [...(options.unit ?? [])],
      ...(typeof options.boot === "number" ? { boot: options.boot } : {}),
      bootId: badBoot,
      ...(options.priority === undefined ? {} : { priority: options.priority }),
      ...(options.since === undefined ? {} : { since: timestampFromDate(options.since) }),
      lines: options.lines ?? (isBounded ? 0 : USUAL_LINES),
      follow: options.follow ?? false,
      contains: options.grep ?? "",
    };
    for await (const { lines } of observe.readJournal(request, call))
      for (const line of lines)
        writeRecord(toDocument(JournalLineSchema, line), context, () => renderJournalLine(line, paint));
  });
}

export async function showKernelLog(
  machine: NamedMachine,
  { follow = false }: { readonly follow?: boolean },
  context: Context,
): Promise<ExitCode> {
  const paint = createPaint(process.stdout);
  return followed(machine, "read the kernel log", context, async ({ observe }, call) => {
    for await (const { lines } of observe.readKernelLog({ follow }, call))
      for (const line of lines)
        writeRecord(toDocument(KernelLineSchema, line), context, () => renderKernelLine(line, paint));
  });
}

/** Ctrl-C is how following ends. */
export async function followed(
  machine: NamedMachine,
  purpose: string,
  { signal }: Pick<Context, "signal">,
  call: (clients: MachineClients, options: { readonly signal?: AbortSignal }) => Promise<void>,
): Promise<ExitCode> {
  try {
    await callMachine(machine, { purpose, signal }, call);
    return EXIT_CODE.ok;
  } catch (error) {
    if (signal.aborted) return EXIT_CODE.interrupted;
    throw error;
  }
}

async function findBadBoot(
  machine: NamedMachine,
  observe: MachineClients["observe"],
  call: { readonly signal?: AbortSignal },
): Promise<string> {
  const { boots } = await observe.listBoots({}, call);
  const bad = boots.find(({ verdict }) => verdict === "fail");
  if (bad !== undefined) return bad.bootId;
  throw new MachineCallError("machine-failed", `"${machine.name}" knows of no bad boot`, {
    hint: "All boots that it has reports of were found healthy; socle boots lists them.",
  });
}

/** `12:04:11 sshd  info  listening on :8080`; the day where it is another one. */
export function renderJournalLine(line: JournalLine, paint: Paint, now = new Date()): string {
  const { at, identifier, unit, priority, message } = line;
  const who = toVisibleText(identifier || unit || "-");
  return `${paint("dim", toClock(at === undefined ? undefined : timestampDate(at), now))} ${who}  ${renderPriority(priority, paint)}  ${toVisibleMessage(message)}`;
}

function renderKernelLine({ sinceBootUs, priority, message }: KernelLine, paint: Paint): string {
  const at = `[${(Number(sinceBootUs) / 1e6).toFixed(6).padStart(12)}]`;
  return `${paint("dim", at)} ${renderPriority(priority, paint)}  ${toVisibleMessage(message)}`;
}

/** Lines after the first are indented, so that nobody's text looks like another line of the log. */
function toVisibleMessage(message: string): string {
  return message
    .trimEnd()
    .split("\n")
    .map((line) => toVisibleText(line.replaceAll("\t", "  ")))
    .join("\n    ");
}

function renderPriority(priority: number, paint: Paint): string {
  const word = PRIORITY_WORDS[priority] ?? "info";
  if (priority <= 3) return paint("red", word);
  return priority === 4 ? paint("yellow", word) : word;
}

function toClock(at: Date | undefined, now: Date): string {
  if (at === undefined) return "--:--:--";
  const [day = "", time = ""] = at.toISOString().split("T");
  const clock = time.slice(0, 8);
  return day === now.toISOString().slice(0, 10) ? clock : `${day} ${clock}`;
}
