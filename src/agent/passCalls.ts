import { Agent } from "node:http";

import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallOptions, HandlerContext, ServiceImpl, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";

import type { AgentErrorCode } from "./agentError.ts";
import { callerKey } from "./caller.ts";

/** Where the updater listens; socle-updater.socket makes it, and starts the updater when somebody calls. */
export const UPDATER_SOCKET_PATH = "/run/socle/updater.sock";

/** Who asked, as the agent knows it from the certificate. Only the agent can reach the updater's socket. */
export const CALLER_HEADER = "socle-caller";

/** A call that is answered at once; it may have to ask a repository over a slow line. */
const TIMEOUT_MS = 120_000;

export const UNAVAILABLE_HINT =
  "An update that was going on is taken up again when the updater starts anew: ask for the state of updates.\nThe machine's log of socle-updater.service says why it ended.";

export function openUpdaterTransport(socketPath = UPDATER_SOCKET_PATH): Transport {
  return createConnectTransport({
    httpVersion: "1.1",
    baseUrl: "http://updater",
    // A connection for each call: one that is kept would end with the updater, which ends when it has no work.
    nodeOptions: { socketPath, agent: new Agent({ keepAlive: false }) },
  });
}

/** A service of the privileged process, whose every call and event goes there and back as it is. */
export function passCalls<Service extends DescService>(
  service: Service,
  socketPath = UPDATER_SOCKET_PATH,
): ServiceImpl<Service> {
  const transport = openUpdaterTransport(socketPath);
  const pass = (method: DescMethod) => {
    switch (method.methodKind) {
      case "unary":
        return passUnary(transport, method as DescMethodUnary);
      case "server_streaming":
        return passStream(transport, method as DescMethodServerStreaming);
      default:
        throw new TypeError(`"${method.name}" cannot be passed on: its caller sends more than one message`);
    }
  };
  const calls = service.methods.map((method) => [method.localName, pass(method)] as const);
  return Object.fromEntries(calls) as unknown as ServiceImpl<Service>; // one for each method, by its kind
}

function passUnary(transport: Transport, method: DescMethodUnary) {
  return (request: Message, context: HandlerContext) =>
    answer(context, async ({ signal, headers }) => {
      const { message } = await transport.unary(method, signal, undefined, headers, request);
      return message;
    });
}

/** As long as somebody listens: an update takes its time. */
function passStream(transport: Transport, method: DescMethodServerStreaming) {
  return async function* (request: Message, context: HandlerContext): AsyncGenerator<Message> {
    const { signal, headers } = toCall(context);
    try {
      const response = await transport.stream(method, signal, undefined, headers, only(request));
      yield* response.message;
    } catch (error) {
      throw toPassedError(error);
    }
  };
}

async function* only(request: Message): AsyncGenerator<Message> {
  yield request;
}

async function answer<Answer>(
  context: HandlerContext,
  ask: (call: CallOptions) => Promise<Answer>,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await ask(toCall(context, AbortSignal.any([context.signal, timeout])));
  } catch (error) {
    if (timeout.aborted) throw new ConnectError("the answer took too long", Code.DeadlineExceeded);
    throw toPassedError(error);
  }
}

function toCall(context: HandlerContext, signal = context.signal): CallOptions {
  return { signal, headers: { [CALLER_HEADER]: encodeURIComponent(context.values.get(callerKey).name) } };
}

/** Code, words and details; not the headers of the other connection. */
export function toPassedError(error: unknown): ConnectError {
  const failed = ConnectError.from(error);
  if (isConnectionError(failed.cause)) return toUnavailable(failed);
  const passed = new ConnectError(failed.rawMessage, failed.code, undefined, undefined, failed.cause);
  passed.details = failed.details;
  return passed;
}

function isConnectionError(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    "code" in cause &&
    ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EACCES"].includes(String(cause.code))
  );
}

function toUnavailable(cause: ConnectError): ConnectError {
  const code: AgentErrorCode = "updater-unavailable";
  return new ConnectError(
    "the updater of the machine does not answer, or ended while it answered",
    Code.Unavailable,
    undefined,
    [{ desc: ErrorDetailSchema, value: { code, hint: UNAVAILABLE_HINT } }],
    cause,
  );
}
