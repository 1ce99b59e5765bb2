import { constants } from "node:crypto";
import { constants as http2, createSecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext, type SecureContextOptions, type TLSSocket } from "node:tls";
import { createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { parseCallerTrust } from "#trust/callerTrust.ts";
import { AgentError } from "./agentError.ts";
import { createAudit } from "./audit.ts";
import { callerKey, NOBODY, toSocket, type AgentRequest, type AgentResponse, type Caller } from "./caller.ts";
import { CallerGate } from "./callerGate.ts";
import { createCallerGuard } from "./guardCalls.ts";
import { CALL_LIMITS, createCallLimits } from "./limitCalls.ts";
import type { ListenAddress } from "./listenAddress.ts";
import type { Log } from "./log.ts";
import type { MachineFacts } from "./machineFacts.ts";
import type { InventoryPart } from "./readInventory.ts";
import { createCallGuard, createRoutes, type AgentCalls } from "./routes.ts";
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
  reloadAccess(tls: AgentTls): Promise<void>;
  /** Stops at once; calls under way are cut. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A caller that opens a connection and then says nothing is dropped after this time. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Requests are small; the limit keeps a caller from filling the memory of the machine. */
const MAX_REQUEST_BYTES = 1024 * 1024;

/** Of one message of an answer. Long answers come in parts far below it; a list that is longer than this is a defect. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Resolves once the agent listens. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { tls, listen, log, monotonicUs } = options;
  const context = toContext(tls);
  const gate = new CallerGate(await parseTrust(tls), () => new Date());
  const audit = createAudit(log);
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
    // The adapter gives up reading what is too large, and then forgets to answer.
    request.once("close", () => {
      if ("stream" in request && request.destroyed && !request.readableEnded)
        request.stream.close(http2.NGHTTP2_ENHANCE_YOUR_CALM);
    });
    handler(request, response);
  };
  const server = createSecureServer(
    {
      ...context,
      requestCert: true,
      rejectUnauthorized: true,
      // One port for gRPC (HTTP/2) and for curl with JSON (either).
      allowHTTP1: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    admit,
  );

  const sockets = new Set<Socket>();
  const signedIn = new Set<TLSSocket>();
  server.on("secureConnection", (socket) => {
    signedIn.add(socket);
    socket.once("close", () => signedIn.delete(socket));
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    audit.refused({
      caller: undefined,
      reason: "sign-in-failed",
      from: socket.remoteAddress,
      code: error.code,
      says: error.message,
    });
  });

  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(listen.port, listen.host, listening.resolve);
  await listening.promise.catch((cause: Error) => {
    throw new AgentError(
      "cannot-listen",
      `Cannot listen on "${listen.host}:${listen.port}": ${cause.message}`,
      { cause },
    );
  });
  readyUs = monotonicUs();

  const reloadAccess = async (next: AgentTls) => {
    const nextContext = toContext(next);
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
  };
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const { port } = server.address() as AddressInfo; // it listens on TCP, so this is no pipe name
  return { port, reloadAccess, close, [Symbol.asyncDispose]: close };
}

function parseTrust({ clientAuthorities, revocations }: AgentTls): ReturnType<typeof parseCallerTrust> {
  return parseCallerTrust({ authorities: clientAuthorities, revocations });
}

function toContext({ certificate, key, clientAuthorities }: AgentTls): SecureContextOptions {
  const context: SecureContextOptions = {
    cert: certificate,
    key,
    ca: [...clientAuthorities],
    minVersion: "TLSv1.3",
    // Nobody signs in with what is left of an earlier connection: every one shows its certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw new AgentError(
      "certificate-unusable",
      "Cannot use the machine's certificate and key: they are damaged, or do not belong together",
      { cause },
    );
  }
  return context;
}
