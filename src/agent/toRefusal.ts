import { ConnectError, type Code } from "@connectrpc/connect";

import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";

import type { AgentErrorCode } from "./agentError.ts";

/** What the caller is told, with a code that docs/errors.md lists and what to do about it. */
export function toRefusal(
  connectCode: Code,
  code: AgentErrorCode,
  message: string,
  hint: string,
): ConnectError {
  return new ConnectError(message, connectCode, undefined, [
    { desc: ErrorDetailSchema, value: { code, hint } },
  ]);
}
