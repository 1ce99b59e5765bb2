import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import { MachineService, type GetStatusResponse } from "#protocol/gen/socle/v1/machine_pb.ts";
import { callerKey } from "./caller.ts";
import type { Log } from "./log.ts";

/** One function per call of the contract. */
export interface AgentCalls {
  getStatus(): Promise<GetStatusResponse>;
}

export function createRoutes(calls: AgentCalls): (router: ConnectRouter) => void {
  return (router) => {
    router.service(MachineService, { getStatus: () => calls.getStatus() });
  };
}

/**
 * Logs every call with who made it, and keeps our insides from strangers: an error that is not meant for
 * the caller goes to the log only. A check of roles belongs here, before `next`: the table of which role
 * may call what is keyed by `request.method`.
 */
export function createCallGuard(log: Log, monotonicUs: () => number): Interceptor {
  return (next) => async (request) => {
    const startedUs = monotonicUs();
    const caller = request.contextValues.get(callerKey);
    const fields = () => ({
      method: request.method.name,
      caller,
      tookMs: (monotonicUs() - startedUs) / 1000,
    });
    try {
      const response = await next(request);
      log("info", "call answered", fields());
      return response;
    } catch (error) {
      log("error", "call failed", { ...fields(), error });
      if (error instanceof ConnectError) throw error;
      throw new ConnectError("the agent could not answer; the machine's log says why", Code.Internal);
    }
  };
}
