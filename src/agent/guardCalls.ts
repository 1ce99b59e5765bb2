import { Code, ConnectError, type Interceptor, type StreamResponse } from "@connectrpc/connect";

import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";
import { findRole, isAudited, isRole, mayCall, ROLES, toMethodName } from "#protocol/methodRoles.ts";

import type { AgentErrorCode } from "./agentError.ts";
import type { Audit } from "./audit.ts";
import { callerKey, type Caller } from "./caller.ts";

/**
 * The first to see a call: whoever lacks the role for it is turned away before anything is done, and what changes the
 * machine is written down, before and after.
 * @param onHeard told of each caller whose request was one that could be read
 */
export function createCallerGuard(audit: Audit, onHeard: (caller: Caller) => void): Interceptor {
  return (next) => async (request) => {
    const caller = request.contextValues.get(callerKey);
    const { method } = request;
    onHeard(caller);
    if (!mayCall(caller.role, method)) {
      audit.refused({ caller, call: toMethodName(method), reason: "role-insufficient" });
      throw toRefusal(caller, findRole(method));
    }
    if (!isAudited(method)) return next(request);

    let asked: number | undefined;
    let isEnded = false;
    let last: unknown;
    const ask = (message: unknown) => (asked ??= audit.asked(caller, method, message));
    const end = (result: string) => {
      if (isEnded) return;
      isEnded = true;
      audit.ended(ask(undefined), caller, method, result, last);
    };
    const fail = (error: unknown) => {
      end(toResult(error));
      return error;
    };
    try {
      if (!request.stream) {
        ask(request.message);
        const response = await next(request);
        end("ok");
        return response;
      }
      const message = tap(request.message, ask);
      // A caller that goes away before the first part: then nobody ever takes one, and nothing below runs.
      request.signal.addEventListener("abort", () => end(toResult(request.signal.reason)), { once: true });
      const response = (await next({ ...request, message })) as StreamResponse; // as the request was
      const parts = tap(response.message, (part) => (last = part));
      return { ...response, message: finish(parts, end, fail) };
    } catch (error) {
      throw fail(error);
    }
  };
}

async function* tap<Part>(parts: AsyncIterable<Part>, look: (part: Part) => void): AsyncGenerator<Part> {
  for await (const part of parts) {
    look(part);
    yield part;
  }
}

async function* finish<Part>(
  parts: AsyncIterable<Part>,
  end: (result: string) => void,
  fail: (error: unknown) => unknown,
): AsyncGenerator<Part> {
  try {
    yield* parts;
    end("ok");
  } catch (error) {
    throw fail(error);
  } finally {
    end("caller-gone");
  }
}

/** The code that the caller was told. */
export function toResult(error: unknown): string {
  const failed = ConnectError.from(error);
  const [detail] = failed.findDetails(ErrorDetailSchema);
  if (detail !== undefined) return detail.code;
  return failed.code === Code.Canceled ? "caller-gone" : Code[failed.code].toLowerCase();
}

function toRefusal({ role }: Caller, needed: string | undefined): ConnectError {
  const code: AgentErrorCode = "role-insufficient";
  const had = isRole(role)
    ? `your certificate says ${role}`
    : `your certificate has no role that this machine knows: "${role}" is not ${ROLES.join(", ")}`;
  const hint = needed === undefined ? had : `This needs the role ${needed}; ${had}.`;
  return new ConnectError("not allowed", Code.PermissionDenied, undefined, [
    { desc: ErrorDetailSchema, value: { code, hint } },
  ]);
}
