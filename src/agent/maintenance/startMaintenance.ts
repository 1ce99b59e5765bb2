import { createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

import type { Audit } from "../audit.ts";
import {
  callerKey,
  NOBODY,
  toSocket,
  type AgentRequest,
  type AgentResponse,
  type Caller,
} from "../caller.ts";
import type { MachineIdentity } from "../identity/machineIdentity.ts";
import { CALL_LIMITS, createCallLimits } from "../limitCalls.ts";
import { limitRequest, MAX_REQUEST_BYTES } from "../limitRequest.ts";
import type { ListenAddress } from "../listenAddress.ts";
import type { Log } from "../log.ts";
import { openListener, toTlsContext, type ConnectionLimits } from "../openListener.ts";
import { createCallGuard } from "../routes.ts";
import { APPLY_TIMEOUT_MS } from "./applyFirstConfiguration.ts";
import { createMaintenanceGuard } from "./guardMaintenance.ts";
import { IdleConnections } from "./idleConnections.ts";
import { createMaintenanceRoutes, type MaintenanceCalls } from "./routes.ts";

export interface MaintenanceOptions extends Pick<MaintenanceCalls, "describe" | "apply"> {
  readonly identity: MachineIdentity;
  readonly listen: ListenAddress;
  readonly log: Log;
  readonly audit: Audit;
  /** Microseconds since the kernel started. */
  readonly monotonicUs: () => number;
  /** How long a connection may stay on which nothing is done; 30 s when it is left out. */
  readonly idleMs?: number;
}

export interface Maintenance extends AsyncDisposable {
  /** The port it listens on, also when 0 was asked for. */
  readonly port: number;
  /** Somebody is giving the machine a configuration just now, or has done so. */
  readonly isBusy: () => boolean;
  /** Resolves when the machine was given a configuration, and whoever gave it has heard so. */
  readonly provided: Promise<void>;
  /** Stops at once; what is under way is cut. */
  readonly close: () => Promise<void>;
}

/** Nobody signs in here, so few are served, and none for long. */
const CONNECTION_LIMITS: ConnectionLimits = { connections: 64, signingIn: 32 };
const IDLE_MS = 30_000;
/** For the answer to the last call to reach its caller: at most, and after the machine is done with it. */
const LONGEST_FAREWELL_MS = 2_000;
const FAREWELL_MS = 250;

/** Serves MaintenanceService without client certificates. Resolves once it listens. */
export async function startMaintenance(options: MaintenanceOptions): Promise<Maintenance> {
  const { identity, listen, log, audit, monotonicUs, idleMs = IDLE_MS } = options;
  const { promise: provided, resolve: onProvided } = Promise.withResolvers<void>();
  /** Of the request that is being handled. */
  const callers = new WeakMap<AgentRequest, Caller>();
  const heard = new WeakSet<Caller>();
  let provider: Caller | undefined;
  let applying = 0;
  const handler = connectNodeAdapter({
    routes: createMaintenanceRoutes({
      describe: options.describe,
      fingerprint: identity.fingerprint,
      apply: async (document) => {
        applying += 1;
        try {
          return await options.apply(document);
        } finally {
          applying -= 1;
        }
      },
      onProvided: (caller) => {
        provider = caller;
        setTimeout(onProvided, LONGEST_FAREWELL_MS);
      },
    }),
    interceptors: [
      createMaintenanceGuard(audit, (caller) => heard.add(caller)),
      createCallGuard(log, monotonicUs),
      createCallLimits({ ...CALL_LIMITS, answerMs: APPLY_TIMEOUT_MS }),
    ],
    contextValues: (request) => createContextValues().set(callerKey, callers.get(request) ?? NOBODY),
    readMaxBytes: MAX_REQUEST_BYTES,
  });
  const idle = new IdleConnections(idleMs);
  const onRequest = (request: AgentRequest, response: AgentResponse) => {
    const socket = toSocket(request);
    const caller = { ...NOBODY, name: "maintenance", from: socket?.remoteAddress ?? "" };
    callers.set(request, caller);
    idle.watchRequest(socket, request, response);
    limitRequest(request, idleMs);
    response.once("close", () => {
      if (caller === provider) setTimeout(onProvided, FAREWELL_MS);
      if (heard.has(caller)) return;
      audit.refused({ caller, reason: "not-a-call", path: request.url, status: response.statusCode });
    });
    handler(request, response);
  };
  const { port, close } = await openListener({
    tls: toTlsContext({ cert: identity.certificate, key: identity.key }),
    listen,
    limits: CONNECTION_LIMITS,
    onRequest,
    onServer: (server) => server.on("secureConnection", (socket) => idle.watchConnection(socket)),
  });
  return {
    port,
    isBusy: () => applying > 0 || provider !== undefined,
    provided,
    close,
    [Symbol.asyncDispose]: close,
  };
}
