/**
 * GET over HTTP/1.1 for files of a TUF repository. Not with the global `fetch`: devices run Node
 * without a JIT compiler, and so without the WebAssembly that it needs. Not here: compression, caches,
 * cookies, HTTP/2.
 */
import { addAbortListener } from "node:events";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import * as http from "node:http";
import * as https from "node:https";
import type { SecureContextOptions } from "node:tls";

import { UpdateError } from "#trust/updateError.ts";

import { DEFAULT_FETCH_LIMITS, type FetchLimits } from "./fetchLimits.ts";
import { createProxyAgent, type ProxyEnvironment } from "./proxyAgent.ts";
import { readAtPace } from "./readAtPace.ts";
import { toShownUrl } from "./toShownUrl.ts";

export interface HttpFetcherOptions {
  readonly limits?: Partial<FetchLimits>;
  /** Who may vouch for the server, and the caller's own certificate. */
  readonly tls?: Pick<SecureContextOptions, "ca" | "cert" | "key">;
  /** `http_proxy` and the like. None: no proxy. */
  readonly environment?: ProxyEnvironment;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly url: URL;
  readonly status: number;
  /** Content-Length; of the part where it is one. */
  readonly declaredBytes: number | undefined;
  /** Of a part (206): where it begins, and how long the whole is. */
  readonly range: { readonly from: number; readonly wholeBytes: number | undefined } | undefined;
  /** To be read to its end or left by `return`: that closes the connection. */
  readonly body: AsyncGenerator<Uint8Array>;
}

export interface HttpFetcher {
  readonly limits: FetchLimits;
  /** Answers of any status; redirects are followed. `from`: ask for what begins there; `end`: and ends before that. */
  get(url: URL, from?: number, end?: number): Promise<HttpAnswer>;
  /** What the server's clock said last. Nobody vouches for it: good for a hint, for nothing else. */
  serverDate(): Date | undefined;
}

export function createHttpFetcher(options: HttpFetcherOptions = {}): HttpFetcher {
  const limits = { ...DEFAULT_FETCH_LIMITS, ...options.limits };
  let serverDate: Date | undefined;

  async function get(url: URL, from = 0, end?: number): Promise<HttpAnswer> {
    let at = url;
    for (let redirects = 0; redirects <= limits.redirects; redirects++) {
      const response = await request(at, toRangeHeader(from, end), limits, options);
      serverDate = toDate(response.headers.date) ?? serverDate;
      const location = isRedirect(response) ? response.headers.location : undefined;
      if (location === undefined) return toAnswer(at, response, limits, options.signal);
      response.destroy();
      at = followRedirect(at, location);
    }
    throw new UpdateError(
      "server-error",
      `Cannot fetch "${toShownUrl(url)}": more than ${limits.redirects} redirects`,
    );
  }

  return { limits, get, serverDate: () => serverDate };
}

/** RFC 9110, 14.1.2: the last byte is part of the range. */
function toRangeHeader(from: number, end: number | undefined): string | undefined {
  return from > 0 || end !== undefined ? `bytes=${from}-${end === undefined ? "" : end - 1}` : undefined;
}

function isRedirect({ statusCode = 0 }: IncomingMessage): boolean {
  return [301, 302, 303, 307, 308].includes(statusCode);
}

function followRedirect(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  // Never from HTTPS to HTTP: the content would not be trusted more, but everyone on the way would see what is fetched.
  if (to === undefined || !["https:", from.protocol].includes(to.protocol))
    throw new UpdateError(
      "server-error",
      `Cannot fetch "${toShownUrl(from)}": it is redirected to an address that is not followed`,
    );
  return to;
}

async function request(
  url: URL,
  range: string | undefined,
  limits: FetchLimits,
  { tls, environment = {}, signal }: HttpFetcherOptions,
): Promise<IncomingMessage> {
  signal?.throwIfAborted();
  const headers = {
    // What is measured and hashed is the file, not a compressed form of it.
    "Accept-Encoding": "identity",
    "User-Agent": "socle",
    ...(range === undefined ? {} : { Range: range }),
  };
  const agent = createProxyAgent(url, environment, limits.connectTimeoutMs);
  const options: RequestOptions = { agent, headers, ...(signal === undefined ? {} : { signal }) };
  const sent =
    url.protocol === "https:" ? https.request(url, { ...options, ...tls }) : http.request(url, options);
  try {
    return await waitForResponse(sent, limits, url, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof UpdateError) throw cause;
    throw new UpdateError(
      "server-unreachable",
      `Cannot fetch "${toShownUrl(url)}": the server cannot be reached`,
      {
        hint: "Is the address right, is the network up (and the proxy, if there is one), is the server's certificate one that is trusted here?",
        cause,
      },
    );
  }
}

async function waitForResponse(
  sent: ClientRequest,
  limits: FetchLimits,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const slow = new UpdateError(
    "server-too-slow",
    `Cannot fetch "${toShownUrl(url)}": no answer in ${limits.windowMs} ms`,
  );
  const unreachable = new Error(`no connection in ${limits.connectTimeoutMs} ms`);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // While a proxy keeps its answer to itself, a request that is destroyed does not say so.
  const giveUp = (error: Error) => {
    sent.destroy(error);
    reject(error);
  };
  let timer = setTimeout(giveUp, limits.connectTimeoutMs, unreachable);
  using _aborting = signal && addAbortListener(signal, () => giveUp(signal.reason as Error)); // whoever stops waiting says why
  try {
    sent.once("socket", (socket) => {
      socket.once("encrypted" in socket ? "secureConnect" : "connect", () => {
        clearTimeout(timer);
        timer = setTimeout(giveUp, limits.windowMs, slow);
      });
    });
    // Stays: a connection that breaks later is told to the reader of the body, and again here.
    sent.on("error", reject);
    sent.once("response", resolve);
    sent.end();
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function toAnswer(
  url: URL,
  response: IncomingMessage,
  limits: FetchLimits,
  signal: AbortSignal | undefined,
): HttpAnswer {
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    response.destroy();
    throw new UpdateError(
      "server-error",
      `Cannot fetch "${toShownUrl(url)}": the server sent it as ${encoding}, which was not asked for`,
    );
  }
  return {
    url,
    status: response.statusCode ?? 0,
    declaredBytes: toCount(response.headers["content-length"]),
    range: toRange(response),
    body: readAtPace(response, limits, url, signal),
  };
}

function toRange({ statusCode, headers }: IncomingMessage): HttpAnswer["range"] {
  const { from, whole } =
    /^bytes (?<from>\d+)-\d+\/(?<whole>\d+|\*)$/.exec(headers["content-range"] ?? "")?.groups ?? {};
  if (statusCode !== 206 || from === undefined) return undefined;
  return { from: Number(from), wholeBytes: toCount(whole) };
}

function toCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function toDate(text: string | undefined): Date | undefined {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}
