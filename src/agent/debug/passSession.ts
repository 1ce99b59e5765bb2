import { once } from "node:events";
import { createConnection } from "node:net";

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";

import {
  DebugSessionSchema,
  OpenDebugSessionRequestSchema,
  OpenDebugSessionResponseSchema,
  type DebugStart,
  type OpenDebugSessionRequest,
  type OpenDebugSessionResponse,
} from "#protocol/gen/socle/v1/debug_pb.ts";

import { toRefusal } from "../toRefusal.ts";
import { openFrameChannel, type FrameChannel } from "./frames.ts";

export interface PassedCall {
  /** As the agent knows the caller from the certificate. */
  readonly who: string;
  readonly signal: AbortSignal;
  readonly socketPath: string;
}

/** What is typed goes there, what is shown comes back. When the caller goes away the connection is cut, which ends the session. */
export async function* passSession(
  start: DebugStart,
  inputs: AsyncIterator<OpenDebugSessionRequest>,
  { who, signal, socketPath }: PassedCall,
): AsyncGenerator<OpenDebugSessionResponse> {
  const channel = await connect(socketPath, signal);
  const cut = () => channel.close();
  signal.addEventListener("abort", cut, { once: true });
  let isStarted = false;
  let isEnded = false;
  try {
    await channel.send(toBinary(DebugSessionSchema, create(DebugSessionSchema, { who })));
    await sendInput(channel, { case: "start", value: start });
    void passInputs(inputs, channel);
    for await (const frame of channel.frames) {
      const response = fromBinary(OpenDebugSessionResponseSchema, frame);
      isStarted ||= response.output.case === "started";
      isEnded ||= response.output.case === "ended";
      yield response;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isStarted) throw toUnavailable(error);
    throw toBrokenOff(error);
  } finally {
    signal.removeEventListener("abort", cut);
    channel.close();
  }
  signal.throwIfAborted();
  if (!isStarted) throw toUnavailable(undefined);
  if (!isEnded) throw toBrokenOff(undefined);
}

async function connect(socketPath: string, signal: AbortSignal): Promise<FrameChannel> {
  const socket = createConnection(socketPath);
  try {
    await once(socket, "connect", { signal });
    return openFrameChannel(socket);
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw toUnavailable(error);
  }
}

/** Until the caller's last one. Where the way there is cut, the way back says so. */
async function passInputs(
  inputs: AsyncIterator<OpenDebugSessionRequest>,
  channel: FrameChannel,
): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await inputs.next();
      if (done === true) break;
      // A second start is none, and a data of no bytes would be the end.
      if (value.input.case === "size" || (value.input.case === "data" && value.input.value.length > 0))
        await sendInput(channel, value.input);
    }
    await sendInput(channel, { case: "data", value: new Uint8Array() });
  } catch {
    channel.close();
  }
}

async function sendInput(channel: FrameChannel, input: OpenDebugSessionRequest["input"]): Promise<void> {
  const message = create(OpenDebugSessionRequestSchema, { input });
  await channel.send(toBinary(OpenDebugSessionRequestSchema, message));
}

function toUnavailable(cause: unknown): ConnectError {
  return withCause(
    toRefusal(
      Code.Unavailable,
      "debug-unavailable",
      "No debug session could begin on this machine",
      "One before it may be ending still: try again. Else the machine's log says why:\nsocle logs --unit 'socle-debug*'",
    ),
    cause,
  );
}

function toBrokenOff(cause: unknown): ConnectError {
  return withCause(
    toRefusal(
      Code.Unavailable,
      "debug-broken-off",
      "The debug session broke off; nothing of it runs any more",
      "The machine's log says why: socle logs --unit 'socle-debug*'",
    ),
    cause,
  );
}

function withCause(refusal: ConnectError, cause: unknown): ConnectError {
  if (cause !== undefined) refusal.cause = cause;
  return refusal;
}
