import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectRouter, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { ConfigurationService } from "#protocol/gen/socle/v1/configuration_pb.ts";
import { ControlService } from "#protocol/gen/socle/v1/control_pb.ts";
import { DebugService } from "#protocol/gen/socle/v1/debug_pb.ts";
import { MachineService, type GetStatusResponse } from "#protocol/gen/socle/v1/machine_pb.ts";
import { ObserveService } from "#protocol/gen/socle/v1/observe_pb.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";
import { callerKey } from "./caller.ts";
import type { Log } from "./log.ts";
import type { InventoryPart } from "./readInventory.ts";

/** One function per call of the contract. */
export interface AgentCalls {
  getStatus(): Promise<GetStatusResponse>;
  /** @param signal aborted when the caller goes away or the time is up */
  getInventory(signal: AbortSignal): AsyncIterable<InventoryPart>;
  /** The updater's calls, which are its own business; what is not there is answered with UNIMPLEMENTED. */
  readonly updates: Partial<ServiceImpl<typeof UpdateService>>;
  /** Views that change nothing. */
  readonly observe?: Partial<ServiceImpl<typeof ObserveService>>;
  /** Passed on to the updater, as `updates`. */
  readonly configuration?: Partial<ServiceImpl<typeof ConfigurationService>>;
  /** Passed on to the updater, as `updates`. */
  readonly control?: Partial<ServiceImpl<typeof ControlService>>;
  readonly debug?: Partial<ServiceImpl<typeof DebugService>>;
}

/** However long the caller would wait: what takes longer is stuck. */
const TIMEOUT_MS = 120_000;

export function createRoutes(calls: AgentCalls): (router: ConnectRouter) => void {
  return (router) => {
    router.service(MachineService, {
      getStatus: () => calls.getStatus(),
      getInventory: (_request, { signal }) => calls.getInventory(withTimeout(signal)),
    });
    router.service(UpdateService, calls.updates);
    router.service(ObserveService, calls.observe ?? {});
    router.service(ConfigurationService, calls.configuration ?? {});
    router.service(ControlService, calls.control ?? {});
    router.service(DebugService, calls.debug ?? {});
  };
}

function withTimeout(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
}

/**
 * Logs every call with who made it, and keeps our insides from strangers: an error that is not meant for
 * the caller goes to the log only. Who may call what is decided before it: guardCalls.ts.
 */
export function createCallGuard(log: Log, monotonicUs: () => number): Interceptor {
  return (next) => async (request) => {
    const startedUs = monotonicUs();
    const caller = request.contextValues.get(callerKey);
    const conclude: Conclude = (level, message, fields = {}) => {
      const tookMs = (monotonicUs() - startedUs) / 1000;
      log(level, message, { method: request.method.name, caller, tookMs, ...fields });
    };
    try {
      const response = await next(request);
      if (response.stream) return { ...response, message: guardParts(response.message, conclude) };
      conclude("info", "call answered");
      return response;
    } catch (error) {
      throw refuse(error, conclude);
    }
  };
}

type Conclude = (...[level, message, fields]: Parameters<Log>) => void;

/** An answer in parts ends when its last part is taken, or when nobody takes any more. */
async function* guardParts<Part>(parts: AsyncIterable<Part>, conclude: Conclude): AsyncGenerator<Part> {
  let isConcluded = false;
  try {
    yield* parts;
    conclude("info", "call answered");
    isConcluded = true;
  } catch (error) {
    isConcluded = true;
    throw refuse(error, conclude);
  } finally {
    if (!isConcluded) conclude("info", "call given up by the caller");
  }
}

/** What the caller is told. */
function refuse(error: unknown, conclude: Conclude): ConnectError {
  if (error instanceof ConnectError && error.code === Code.Canceled) {
    conclude("info", "call given up by the caller");
    return error;
  }
  conclude("error", "call failed", { error });
  if (error instanceof ConnectError) return error;
  if (error instanceof Error && error.name === "TimeoutError")
    return new ConnectError("the answer took too long", Code.DeadlineExceeded);
  return new ConnectError("the agent could not answer; the machine's log says why", Code.Internal);
}
