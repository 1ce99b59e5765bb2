import { Code, type Interceptor } from "@connectrpc/connect";

import { MaintenanceService } from "#protocol/gen/socle/v1/maintenance_pb.ts";
import { toMethodName } from "#protocol/methodRoles.ts";

import type { Audit } from "../audit.ts";
import { callerKey, type Caller } from "../caller.ts";
import { toResult } from "../guardCalls.ts";
import { toRefusal } from "../toRefusal.ts";

/**
 * The first to see a call, as guardCalls.ts is where callers have certificates. Here nobody has: there is one service,
 * and what changes the machine is written down with where it came from.
 */
export function createMaintenanceGuard(audit: Audit, onHeard: (caller: Caller) => void): Interceptor {
  return (next) => async (request) => {
    const caller = request.contextValues.get(callerKey);
    const { method } = request;
    onHeard(caller);
    if (method.parent.typeName !== MaintenanceService.typeName) {
      audit.refused({ caller, call: toMethodName(method), reason: "maintenance-mode" });
      throw toRefusal(
        Code.Unauthenticated,
        "maintenance-mode",
        "the machine has no configuration yet, and so nobody to answer",
        "Give it one: socle config apply FILE --insecure --fingerprint sha256:…",
      );
    }
    if (request.stream || method.localName !== MaintenanceService.method.provideConfiguration.localName)
      return next(request);
    const asked = audit.asked(caller, method, request.message);
    try {
      const response = await next(request);
      const last = response.stream ? undefined : response.message;
      audit.ended(asked, caller, method, isTaken(last) ? "ok" : "configuration-not-valid", last);
      return response;
    } catch (error) {
      audit.ended(asked, caller, method, toResult(error));
      throw error;
    }
  };
}

function isTaken(answer: unknown): boolean {
  const { problems } = answer as { problems?: readonly unknown[] }; // of ProvideConfiguration
  return problems?.length === 0;
}
