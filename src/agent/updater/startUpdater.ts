import { createServer } from "node:http";

import { createContextValues, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";

import { AgentError } from "../agentError.ts";
import { callerKey, NOBODY } from "../caller.ts";
import type { Log } from "../log.ts";
import { CALLER_HEADER, UNAVAILABLE_HINT } from "../passCalls.ts";
import { createCallGuard } from "../routes.ts";
import { IdleTimer } from "./idleTimer.ts";
import { createUpdateCalls, type UpdateCallsOptions } from "./updateCalls.ts";

/** What else changes the machine, and so belongs into the process that may. */
export interface PrivilegedCalls {
  readonly register: (router: ConnectRouter) => void;
  /** What it does by itself when the process starts. `hold` keeps the process from ending, until what it returns is called. */
  readonly start?: (hold: () => () => void, signal: AbortSignal) => Promise<void>;
  /** When all that runs was stopped: ends what would go on for ever. */
  readonly end?: (reason: Error) => void;
}

export interface UpdaterServerOptions extends UpdateCallsOptions {
  readonly otherCalls?: readonly PrivilegedCalls[];
  /** A socket that listens already, as systemd passes it; or the path of one that is to be made. */
  readonly listen: { readonly fd: number } | { readonly path: string };
  readonly log: Log;
  readonly monotonicUs: () => number;
  /** How long it stays without an operation and without a call. */
  readonly idleMs: number;
  /** How often it looks at the policy while somebody keeps it from ending. */
  readonly lookEveryMs: number;
}

export interface UpdaterServer extends AsyncDisposable {
  /** Resolves when it has ended: by itself, or by `close`. */
  readonly ended: Promise<void>;
  /** What it does at its start has been done. */
  readonly started: Promise<void>;
  /** Stops what runs where it is, to be taken up by the next one; cuts calls. */
  close(): Promise<void>;
}

/** Calls are small; streams have no answer at once. */
const MAX_REQUEST_BYTES = 1024 * 1024;
/** For the last events to reach those who watch. */
const FAREWELL_MS = 500;

/** Resolves once it listens; what it does by itself goes on. */
export async function startUpdater(options: UpdaterServerOptions): Promise<UpdaterServer> {
  const { updater, otherCalls = [], listen, log, monotonicUs, idleMs, lookEveryMs } = options;
  const handler = connectNodeAdapter({
    routes: (router) => {
      router.service(UpdateService, createUpdateCalls(options));
      for (const { register } of otherCalls) register(router);
    },
    interceptors: [createCallGuard(log, monotonicUs)],
    contextValues: ({ headers }) => {
      const name = decodeURIComponent(String(headers[CALLER_HEADER] ?? ""));
      return createContextValues().set(callerKey, { ...NOBODY, name });
    },
    readMaxBytes: MAX_REQUEST_BYTES,
  });
  const idle = new IdleTimer(idleMs, () => void close());
  const server = createServer((request, response) => {
    response.once("close", idle.hold());
    handler(request, response);
  });
  const stopping = new AbortController();
  const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
  let closing: Promise<void> | undefined;
  const shutDown = async () => {
    idle.stop();
    clearInterval(looking);
    stopping.abort(new DOMException("the updater ends", "AbortError"));
    await updater.operations.stop();
    const reason = new AgentError("updater-unavailable", "the updater ends", { hint: UNAVAILABLE_HINT });
    updater.events.close(reason);
    for (const { end } of otherCalls) end?.(reason);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const farewell = setTimeout(() => server.closeAllConnections(), FAREWELL_MS);
    await closed;
    clearTimeout(farewell);
    onEnded();
  };
  const close = async () => (closing ??= shutDown());

  /** What it does by itself keeps it from ending, and never ends it. */
  const byItself = async (work: () => Promise<void>) => {
    const release = idle.hold();
    try {
      await work();
      await updater.operations.idle();
    } catch (error) {
      if (!stopping.signal.aborted) log("warning", "what the updater does by itself has failed", { error });
    } finally {
      release();
    }
  };
  const looking = setInterval(
    () =>
      void byItself(async () => {
        await updater.settle();
        await updater.actOnPolicy(stopping.signal);
      }),
    lookEveryMs,
  );

  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(listen, listening.resolve);
  await listening.promise.catch(async (cause: Error) => {
    idle.stop();
    clearInterval(looking);
    const where = "path" in listen ? listen.path : `socket ${listen.fd}`;
    throw new AgentError("cannot-listen", `Cannot listen on "${where}": ${cause.message}`, { cause });
  });
  for (const { start } of otherCalls)
    if (start !== undefined) void byItself(async () => start(() => idle.hold(), stopping.signal));
  const started = byItself(async () => updater.start(stopping.signal));
  return { ended, started, close, [Symbol.asyncDispose]: close };
}
