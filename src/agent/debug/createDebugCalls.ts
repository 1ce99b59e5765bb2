import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";

import { DEBUG_POLICY_PATH, parseDebugPolicy } from "#definition/debugPolicy.ts";
import type {
  DebugService,
  DebugSession,
  DebugStart,
  OpenDebugSessionRequest,
} from "#protocol/gen/socle/v1/debug_pb.ts";

import { callerKey } from "../caller.ts";
import type { Publish } from "../events/eventHub.ts";
import { readText, type Machine } from "../machineFacts.ts";
import { toRefusal } from "../toRefusal.ts";
import { findStartProblems } from "./judgeStart.ts";
import { listSessions } from "./listSessions.ts";
import { passSession } from "./passSession.ts";

/** Where a session listens; socle-debug.socket makes it, in images that allow sessions. */
export const DEBUG_SOCKET_PATH = "/run/socle/debug.sock";

export interface DebugCallOptions {
  readonly socketPath?: string;
  /** Told when a session has begun, and when it has ended, or could not begin. */
  readonly onSession?: () => void;
  readonly publish?: Publish;
}

/** One session at a time. The agent only passes on: it has no rights that a session would need. */
export function createDebugCalls(
  machine: Pick<Machine, "readFile" | "readEntry" | "listFolder">,
  { socketPath = DEBUG_SOCKET_PATH, onSession = () => {}, publish = () => {} }: DebugCallOptions = {},
): ServiceImpl<typeof DebugService> {
  let isOpen = false;
  return {
    listDebugSessions: async () => ({ sessions: await listSessions(machine) }),

    async *openDebugSession(requests, context) {
      const inputs = requests[Symbol.asyncIterator]();
      const start = await receiveStart(inputs);
      await judge(machine, start);
      if (isOpen)
        throw toRefusal(
          Code.ResourceExhausted,
          "debug-in-use",
          "Somebody has a debug session on this machine already",
          "One at a time: socle debug list says who, and until when.",
        );
      isOpen = true;
      let session: DebugSession | undefined;
      let end = "";
      try {
        for await (const response of passSession(start, inputs, { ...toCall(context), socketPath })) {
          const { output } = response;
          if (output.case === "started") {
            session = output.value;
            onSession();
            publish(toSessionEvent(session, "begun", session.reason));
          } else if (output.case === "ended") end = output.value.reason;
          yield response;
        }
      } finally {
        isOpen = false;
        onSession();
        if (session !== undefined) publish(toSessionEvent(session, "ended", end));
      }
    },
  };
}

function toSessionEvent(
  { id, who, until }: DebugSession,
  state: "begun" | "ended",
  reason: string,
): Parameters<Publish>[0] {
  return { case: "debug", value: { id, state, who, reason, ...(until && { until }) } };
}

function toCall({ signal, values }: HandlerContext) {
  return { signal, who: values.get(callerKey).name };
}

async function receiveStart(inputs: AsyncIterator<OpenDebugSessionRequest>): Promise<DebugStart> {
  const { done, value } = await inputs.next();
  if (done === true || value.input.case !== "start")
    throw new ConnectError("input: the first one has start", Code.InvalidArgument);
  return value.input.value;
}

async function judge(machine: Pick<Machine, "readFile">, start: DebugStart): Promise<void> {
  const text = await readText(machine, DEBUG_POLICY_PATH);
  if (text === undefined)
    throw toRefusal(
      Code.FailedPrecondition,
      "debug-not-allowed",
      "This machine has no debug sessions: its image does not allow them",
      "Sessions are a matter of the definition (debug: { allowed: true }), and need a new image.\nWithout one: socle logs, socle services, socle processes, socle files, socle support.",
    );
  const problems = findStartProblems(start, parseDebugPolicy(text));
  if (problems.length > 0)
    throw toRefusal(
      Code.InvalidArgument,
      "debug-refused",
      `No debug session can begin so: ${problems.join("; ")}`,
      "Nothing was opened, and the machine is as it was.",
    );
}
