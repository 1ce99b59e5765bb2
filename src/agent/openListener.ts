import { constants } from "node:crypto";
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext, type SecureContextOptions } from "node:tls";

import { AgentError } from "./agentError.ts";
import type { AgentRequest, AgentResponse } from "./caller.ts";
import type { ListenAddress } from "./listenAddress.ts";

export interface ListenerOptions {
  /** Certificate, key and whom they sign in with; who shows none is the caller's matter. */
  readonly tls: SecureServerOptions;
  readonly listen: ListenAddress;
  readonly limits: ConnectionLimits;
  readonly onRequest: (request: AgentRequest, response: AgentResponse) => void;
  /** Before anybody can connect. */
  readonly onServer?: (server: Http2SecureServer) => void;
}

export interface ConnectionLimits {
  /** More are not taken. */
  readonly connections: number;
  /** That have not signed in yet; one more, and the oldest of them is dropped. */
  readonly signingIn: number;
}

export interface Listener {
  /** The port it listens on, also when 0 was asked for. */
  readonly port: number;
  readonly server: Http2SecureServer;
  /** Stops at once; what is under way is cut. */
  readonly close: () => Promise<void>;
}

/** A caller that opens a connection and then says nothing is dropped after this time. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** The same for one that begins a request and does not end it. Requests are small. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** Of one connection; what is more waits. */
const STREAMS = 100;

/** The agent's one port: TLS 1.3, HTTP/2 for gRPC and Connect, HTTP/1.1 for curl. Resolves once it listens. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { tls, listen, limits, onRequest, onServer } = options;
  const server = createSecureServer(
    {
      ...tls,
      allowHTTP1: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      settings: { maxConcurrentStreams: STREAMS },
    },
    onRequest,
  );
  // Of HTTP/1.1; the types do not know that this server has them as well.
  Object.assign(server, { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = limits.connections;
  const sockets = limitSockets(server, limits.signingIn);
  onServer?.(server);

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
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const { port } = server.address() as AddressInfo; // it listens on TCP, so this is no pipe name
  return { port, server, close };
}

/**
 * Who only opens connections must not keep others out: the oldest of those that have not signed in makes room.
 * @returns all that are open
 */
function limitSockets(server: Http2SecureServer, most: number): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  /** By the other end, the oldest first. */
  const signingIn = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const end = toRemoteEnd(socket);
    sockets.add(socket);
    signingIn.set(end, socket);
    socket.once("close", () => {
      sockets.delete(socket);
      if (signingIn.get(end) === socket) signingIn.delete(end);
    });
    const [oldest] = signingIn.values();
    if (signingIn.size > most) oldest?.destroy();
  });
  server.on("secureConnection", (socket: Socket) => signingIn.delete(toRemoteEnd(socket)));
  return sockets;
}

/** TLS has another object for the same connection; both know this. */
export function toRemoteEnd({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** What both ways of serving have in common. @throws {AgentError} when certificate and key cannot be used */
export function toTlsContext(
  context: Pick<SecureContextOptions, "cert" | "key" | "ca">,
): SecureContextOptions {
  const whole: SecureContextOptions = {
    ...context,
    minVersion: "TLSv1.3",
    // Nobody signs in with what is left of an earlier connection: every one shows its certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    createSecureContext(whole);
  } catch (cause) {
    throw new AgentError(
      "certificate-unusable",
      "Cannot use the machine's certificate and key: they are damaged, or do not belong together",
      { cause },
    );
  }
  return whole;
}
