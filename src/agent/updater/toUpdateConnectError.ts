import { Code, ConnectError } from "@connectrpc/connect";

import { SocleError } from "#progress/socleError.ts";
import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";

/** Not refused, but not got or not there. Everything else was refused: FailedPrecondition. */
const CONNECT_CODES: Readonly<Record<string, Code>> = {
  "server-unreachable": Code.Unavailable,
  "server-error": Code.Unavailable,
  "server-too-slow": Code.Unavailable,
  "download-truncated": Code.Unavailable,
  "updater-unavailable": Code.Unavailable,
  "channel-unknown": Code.NotFound,
  "version-unknown": Code.NotFound,
  "generation-unknown": Code.NotFound,
};

/** Its words are about updates, not about our insides: the caller gets them, the code and the hint. */
export function toUpdateConnectError(error: unknown): unknown {
  if (!(error instanceof SocleError)) return error;
  const { code, hint = "", message } = error;
  const detail = { desc: ErrorDetailSchema, value: { code, hint } };
  return new ConnectError(
    message,
    CONNECT_CODES[code] ?? Code.FailedPrecondition,
    undefined,
    [detail],
    error,
  );
}
