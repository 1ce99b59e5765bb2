import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { DEBUG_POLICY_PATH, parseDebugPolicy } from "#definition/debugPolicy.ts";
import {
  DebugSessionSchema,
  OpenDebugSessionRequestSchema,
  OpenDebugSessionResponseSchema,
  type DebugStart,
} from "#protocol/gen/socle/v1/debug_pb.ts";

import { encodeNotPristine, NOT_PRISTINE_PATH } from "../facts/notPristine.ts";
import type { Log } from "../log.ts";
import { readText } from "../machineFacts.ts";
import type { DebugHost, DebugTerminal } from "./debugHost.ts";
import type { FrameChannel } from "./frames.ts";
import { findStartProblems, isSize } from "./judgeStart.ts";
import { planSandbox, type SandboxPlan } from "./planSandbox.ts";
import { encodeSessionRecord, toSessionId, toSessionPaths, type SessionRecord } from "./sessionRecord.ts";

export interface SessionSurroundings {
  readonly host: DebugHost;
  readonly clock: () => Date;
  /** Four hexadecimal digits. */
  readonly chance: () => string;
  readonly log: Log;
  /** The unit that this runs in. */
  readonly owner: string;
  /** Another one runs the command on the test's own host, without a unit. */
  readonly plan?: (
    session: Parameters<typeof planSandbox>[0],
  ) => Pick<SandboxPlan, "words"> & Partial<SandboxPlan>;
}

type EndReason = "exit" | "time-is-up" | "caller-gone";

/** A caller that takes nothing any more, or a program that does not end: then all is cut. */
const GRACE_MS = 5000;

/**
 * One session, from its first message to its end: judged, marked, written down, and only then begun. Whatever fails before
 * that leaves the machine as it was, or marked at the most.
 */
export async function serveSession(channel: FrameChannel, surroundings: SessionSurroundings): Promise<void> {
  const { host, log } = surroundings;
  const { who, start } = await receiveStart(channel);
  const record = await judge(who, start, surroundings);
  const { id, reason, until } = record;
  log("warning", "debug session", { id, who, reason, until, command: start.command });
  await mark(record, host);
  await writeRecord(record, host);
  const terminal = await openTerminal(record, start, surroundings);
  let end: EndReason | "failed" = "failed";
  let code = 255;
  try {
    await send(channel, { case: "started", value: toSessionMessage(record) });
    end = await runTerminal(terminal, channel, start.seconds * 1000);
    code = await inTime(terminal.exited, code);
  } finally {
    await terminal.end();
    const ended = surroundings.clock().toISOString();
    log("warning", "debug session ended", { id, who, reason, end, code });
    await writeRecord({ ...record, ended, end, code }, host);
  }
  await inTime(
    send(channel, { case: "ended", value: { reason: end, code } }).catch(() => {}), // the caller may have gone
    undefined,
  );
}

async function receiveStart({ frames }: FrameChannel): Promise<{ who: string; start: DebugStart }> {
  const { who } = fromBinary(DebugSessionSchema, await next(frames));
  const { input } = fromBinary(OpenDebugSessionRequestSchema, await next(frames));
  if (input.case !== "start") throw new TypeError("the first input of a session is no start");
  return { who, start: input.value };
}

async function next(frames: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const { done, value } = await frames.next();
  if (done === true) throw new Error("the agent has gone before it said what it wants");
  return value;
}

/** The agent has judged it before; but the agent faces the network. */
async function judge(
  who: string,
  start: DebugStart,
  { host, clock, chance }: SessionSurroundings,
): Promise<SessionRecord> {
  const policy = parseDebugPolicy((await readText(host, DEBUG_POLICY_PATH)) ?? "");
  const problems = findStartProblems(start, policy);
  if (problems.length > 0) throw new TypeError(`no session can begin so: ${problems.join("; ")}`);
  const began = clock();
  return {
    id: toSessionId(began, chance()),
    who,
    reason: start.reason,
    began: began.toISOString(),
    until: new Date(began.getTime() + start.seconds * 1000).toISOString(),
    command: start.command,
  };
}

/** The first session stays: the machine has not been what it was since then. */
async function mark({ id, who, reason, began }: SessionRecord, host: DebugHost): Promise<void> {
  if ((await host.readFile(NOT_PRISTINE_PATH)) !== undefined) return;
  await host.writeDurably(NOT_PRISTINE_PATH, encodeNotPristine({ since: began, who, reason, id }));
}

async function writeRecord(record: SessionRecord, host: DebugHost): Promise<void> {
  await host.writeDurably(toSessionPaths(record.id).record, encodeSessionRecord(record));
}

async function openTerminal(
  { id }: SessionRecord,
  { seconds, size, command }: DebugStart,
  { host, owner, plan = planSandbox }: SessionSurroundings,
): Promise<DebugTerminal> {
  const { recording, timing } = toSessionPaths(id);
  const { words, unit } = plan({ id, seconds, hasTerminal: size !== undefined, command, owner });
  return host.openTerminal({ words, size, recording, timing, unit });
}

/** Until the program ends, the time is up, or nobody is there any more: whatever comes first. */
async function runTerminal(
  terminal: DebugTerminal,
  channel: FrameChannel,
  leftMs: number,
): Promise<EndReason> {
  const { promise: ending, resolve: end } = Promise.withResolvers<EndReason>();
  const timer = setTimeout(() => end("time-is-up"), leftMs);
  const gone = () => end("caller-gone");
  void terminal.exited.then(() => end("exit"));
  void takeInput(channel, terminal).then(gone, gone);
  const shown = showOutput(terminal, channel).catch(gone);
  try {
    const reason = await ending;
    if (reason !== "exit") await terminal.end();
    await inTime(shown, undefined);
    return reason;
  } finally {
    clearTimeout(timer);
  }
}

async function takeInput({ frames }: FrameChannel, terminal: DebugTerminal): Promise<void> {
  for await (const frame of frames) {
    const { input } = fromBinary(OpenDebugSessionRequestSchema, frame);
    if (input.case === "data" && input.value.length === 0) terminal.endInput();
    else if (input.case === "data") await terminal.write(input.value);
    else if (input.case === "size" && isSize(input.value)) await terminal.resize(input.value);
  }
}

async function showOutput({ output }: DebugTerminal, channel: FrameChannel): Promise<void> {
  for await (const bytes of output) await send(channel, { case: "data", value: bytes });
}

type Output = NonNullable<MessageInitShape<typeof OpenDebugSessionResponseSchema>["output"]>;

async function send(channel: FrameChannel, output: Output): Promise<void> {
  const message = create(OpenDebugSessionResponseSchema, { output });
  await channel.send(toBinary(OpenDebugSessionResponseSchema, message));
}

function toSessionMessage({ id, who, reason, began, until }: SessionRecord) {
  return {
    id,
    who,
    reason,
    began: timestampFromDate(new Date(began)),
    until: timestampFromDate(new Date(until)),
    recording: toSessionPaths(id).recording,
  };
}

async function inTime<T>(work: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), GRACE_MS)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
