import { constants as http2 } from "node:http2";

import { DebugService } from "#protocol/gen/socle/v1/debug_pb.ts";
import { toMethodName } from "#protocol/methodRoles.ts";

import type { AgentRequest } from "./caller.ts";
import { REQUEST_TIMEOUT_MS } from "./openListener.ts";

/** Requests are small; the limit keeps a caller from filling the memory of the machine. */
export const MAX_REQUEST_BYTES = 1024 * 1024;

/** Of one message of an answer. Long answers come in parts far below it; a list that is longer than this is a defect. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** What somebody types has no end of its own; who may type is an administrator, and the session has its time. */
const ENDLESS = new Set(
  DebugService.methods
    .filter(({ methodKind }) => methodKind === "bidi_streaming")
    .map((method) => `/${toMethodName(method)}`),
);

/** Ends a request that is too large, or takes too long to come. */
export function limitRequest(request: AgentRequest, timeoutMs = REQUEST_TIMEOUT_MS): void {
  if (!("stream" in request)) return; // of HTTP/1.1, Node takes care
  const { stream, url } = request;
  const late = ENDLESS.has(url) ? undefined : setTimeout(() => stream.close(http2.NGHTTP2_CANCEL), timeoutMs);
  request.once("end", () => clearTimeout(late));
  request.once("close", () => {
    clearTimeout(late);
    // The adapter gives up reading what is too large, and then forgets to answer.
    if (request.destroyed && !request.readableEnded) stream.close(http2.NGHTTP2_ENHANCE_YOUR_CALM);
  });
}
