import type { TLSSocket } from "node:tls";
import { createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { parseCallerTrust, type CallerTrust } from "#trust/callerTrust.ts";
import { createAudit, type Audit } from "./audit.ts";
import { callerKey, NOBODY, toSocket, type AgentRequest, type AgentResponse, type Caller } from "./caller.ts";
import { CallerGate } from "./callerGate.ts";
import { createCallerGuard } from "./guardCalls.ts";
import { CALL_LIMITS, createCallLimits } from "./limitCalls.ts";
import { limitRequest, MAX_ANSWER_BYTES, MAX_REQUEST_BYTES } from "./limitRequest.ts";
import { LineLimit, type LineRate } from "./lineLimit.ts";
import type { ListenAddress } from "./listenAddress.ts";
import type { Log } from "./log.ts";
import type { MachineFacts } from "./machineFacts.ts";
import { openListener, toTlsContext, type ConnectionLimits } from "./openListener.ts";
import type { InventoryPart } from "./readInventory.ts";
import { createCallGuard, createRoutes, type AgentCalls } from "./routes.ts";
import { SignedInConnections } from "./signedInConnections.ts";
import { toStatus } from "./status.ts";
import { AGENT_VERSION } from "./version.ts";

export interface AgentOptions {
  /** Reads the machine anew; called once for every status. */
  readonly readFacts: () => Promise<MachineFacts>;
  /** Lists what is on the machine; called once for every inventory. */
  readonly readInventory: (signal: AbortSignal) => AsyncIterable<InventoryPart>;
  /** What is not of the machine itself. The real ones are passed on to the updater: passCalls.ts. */
  readonly calls: Omit<AgentCalls, "getStatus" | "getInventory">;
  readonly tls: AgentTls;
  readonly listen: ListenAddress;
  readonly log: Log;
  /** One that goes on; a new one when it is left out. */
  readonly audit?: Audit;
  /** Microseconds since the kernel started. */
  readonly monotonicUs: () => number;
}

/** All PEM. */
export interface AgentTls {
  readonly certificate: string;
  readonly key: string;
  /** Certificates of the authorities that sign callers, themselves; nobody else is let in. */
  readonly clientAuthorities: readonly string[];
  /** Lists of revoked certificates of those authorities, one after the other. */
  readonly revocations?: string | undefined;
}

export interface Agent {
  /** The port it listens on, also when 0 was asked for. */
  readonly port: number;
  /** Who it is and whom it lets in, from now on. Connections of callers that are let in no more are cut, others stay. */
  reloadAccess(tls: AgentTls): Promise<CallerTrust>;
  /** Stops at once; calls under way are cut. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Of those who were turned away before anybody knew who they are. */
const DOOR_LINES: LineRate = { perSecond: 5, burst: 100 };

const CONNECTION_LIMITS: ConnectionLimits = { connections: 512, signingIn: 128 };
/** Of one client certificate. Each takes a hundred calls at a time. */
const MOST_OF_ONE = 128;

/** Resolves once the agent listens. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { tls, listen, log, monotonicUs, audit = createAudit(log) } = options;
  const gate = new CallerGate(await parseTrust(tls), () => new Date());
  /** Of the request that is being handled. */
  const callers = new WeakMap<AgentRequest, Caller>();
  const heard = new WeakSet<Caller>();
  let readyUs = 0;
  const agentFacts = () => ({ version: AGENT_VERSION, nodeVersion: process.version, readyUs });
  const handler = connectNodeAdapter({
    routes: createRoutes({
      getStatus: async () => toStatus(await options.readFacts(), agentFacts()),
      getInventory: options.readInventory,
      ...options.calls,
    }),
    interceptors: [
      createCallerGuard(audit, (caller) => heard.add(caller)),
      createCallGuard(log, monotonicUs),
      createCallLimits(CALL_LIMITS),
    ],
    contextValues: (request) => createContextValues().set(callerKey, callers.get(request) ?? NOBODY),
    // A key that this version does not know may be the one that was meant to keep something from happening.
    jsonOptions: { ignoreUnknownFields: false },
    readMaxBytes: MAX_REQUEST_BYTES,
    writeMaxBytes: MAX_ANSWER_BYTES,
  });
  const admit = (request: AgentRequest, response: AgentResponse) => {
    const socket = toSocket(request);
    const { verdict, caller } = gate.admit(socket);
    if (verdict !== "trusted") {
      audit.refused({ caller, reason: verdict, path: request.url });
      if ("stream" in request) request.stream.session?.destroy();
      else request.socket.destroy();
      return;
    }
    const own = { ...caller }; // one for each request
    callers.set(request, own);
    // What was too large, malformed or no call at all ends before the guard of calls sees it.
    response.once("close", () => {
      if (heard.has(own)) return;
      audit.refused({ caller, reason: "not-a-call", path: request.url, status: response.statusCode });
    });
    limitRequest(request);
    handler(request, response);
  };
  const signedIn = new SignedInConnections<TLSSocket>(MOST_OF_ONE);
  const doorLines = new LineLimit(DOOR_LINES);
  const refuseAtDoor = (what: Parameters<Audit["refused"]>[0]) => {
    const leftOut = doorLines.take(performance.now());
    if (leftOut !== undefined) audit.refused({ ...(leftOut === 0 ? {} : { leftOut }), ...what });
  };
  const { server, port, close } = await openListener({
    tls: { ...toTlsContext(toContext(tls)), requestCert: true, rejectUnauthorized: true },
    listen,
    limits: CONNECTION_LIMITS,
    onRequest: admit,
    onServer: (opened) => {
      opened.on("secureConnection", (socket) => {
        if (signedIn.add(socket, socket.getPeerX509Certificate()?.fingerprint256 ?? "")) return;
        refuseAtDoor({ caller: gate.admit(socket).caller, reason: "too-many-connections" });
        socket.destroy();
      });
      opened.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
        refuseAtDoor({
          caller: undefined,
          reason: "sign-in-failed",
          from: socket.remoteAddress,
          code: error.code,
          says: error.message,
        });
      });
    },
  });
  readyUs = monotonicUs();

  const reloadAccess = async (next: AgentTls) => {
    const nextContext = toTlsContext(toContext(next));
    gate.trust = await parseTrust(next);
    server.setSecureContext(nextContext);
    for (const socket of signedIn) {
      const { verdict, caller } = gate.admit(socket);
      if (verdict === "trusted" || verdict === "gone") continue;
      audit.refused({ caller, reason: verdict });
      socket.destroy();
    }
    log("info", "access is new", {
      authorities: gate.trust.authorities.length,
      revoked: gate.trust.revoked.size,
    });
    return gate.trust;
  };
  return { port, reloadAccess, close, [Symbol.asyncDispose]: close };
}

function parseTrust({ clientAuthorities, revocations }: AgentTls): ReturnType<typeof parseCallerTrust> {
  return parseCallerTrust({ authorities: clientAuthorities, revocations });
}

function toContext({ certificate, key, clientAuthorities }: AgentTls) {
  return { cert: certificate, key, ca: [...clientAuthorities] };
}
