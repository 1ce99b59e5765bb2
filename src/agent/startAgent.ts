import { createSecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AgentError } from "./agentError.ts";
import { callerKey, readCaller } from "./caller.ts";
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
  /** The real ones are passed on to the updater: passUpdates.ts. */
  readonly updates: AgentCalls["updates"];
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
  /** Certificates of the authority that signs callers; nobody else is let in. */
  readonly clientAuthority: string;
}

export interface Agent {
  /** The port it listens on, also when 0 was asked for. */
  readonly port: number;
  /** Stops at once; calls under way are cut. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A caller that opens a connection and then says nothing is dropped after this time. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Requests are small; the limit keeps a caller from filling the memory of the machine. */
const MAX_REQUEST_BYTES = 1024 * 1024;

/** Resolves once the agent listens. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { tls, listen, log, monotonicUs } = options;
  let readyUs = 0;
  const agentFacts = () => ({ version: AGENT_VERSION, nodeVersion: process.version, readyUs });
  const handler = connectNodeAdapter({
    routes: createRoutes({
      getStatus: async () => toStatus(await options.readFacts(), agentFacts()),
      getInventory: options.readInventory,
      updates: options.updates,
    }),
    interceptors: [createCallGuard(log, monotonicUs)],
    contextValues: (request) => createContextValues().set(callerKey, readCaller(request)),
    readMaxBytes: MAX_REQUEST_BYTES,
  });
  const server = createSecureServer(
    {
      cert: tls.certificate,
      key: tls.key,
      ca: tls.clientAuthority,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
      // One port for gRPC (HTTP/2) and for curl with JSON (either).
      allowHTTP1: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    handler,
  );

  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    log("warning", "caller refused", { from: socket.remoteAddress, code: error.code, reason: error.message });
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

  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const { port } = server.address() as AddressInfo; // it listens on TCP, so this is no pipe name
  return { port, close, [Symbol.asyncDispose]: close };
}
