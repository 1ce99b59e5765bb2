import { realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, sep } from "node:path";

import send from "send";

import { SocleError } from "#progress/socleError.ts";

export class ServeError extends SocleError<"no-folder" | "cannot-serve"> {
  override readonly name = "ServeError";
}

export interface ServedFolder extends AsyncDisposable {
  /** `http://HOST:PORT/`. */
  readonly url: string;
  readonly port: number;
  /** Ends the open connections too. */
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly host?: string;
  /** A free one when absent. */
  readonly port?: number;
}

/**
 * Serves the files of a folder to anybody who can reach the port, as a web server would: ranges,
 * HEAD, ETag. No lists of folders, no names that begin with a dot, nothing that a link leads out to.
 */
export async function serveFolder(
  folder: string,
  { host = "127.0.0.1", port = 0 }: ServeOptions = {},
): Promise<ServedFolder> {
  const root = await realpath(folder).catch(() => undefined);
  if (root === undefined || !(await stat(root)).isDirectory())
    throw new ServeError("no-folder", `Cannot serve "${folder}": there is no such folder`);
  const server = createServer((request, response) => {
    respond(root, request, response).catch(() => refuse(response, 500));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new ServeError("cannot-serve", `Cannot listen on ${host} port ${port}: ${cause.message}`, { cause }),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo; // it listens on a port
  const close = async () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}/`,
    port: address.port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function respond(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return refuse(response, 405);
  }
  const path = toPath(request.url ?? "");
  if (path === undefined || !(await isInside(root, path))) return refuse(response, 404);
  send(request, encodeURI(path), {
    root,
    dotfiles: "ignore",
    index: false,
    cacheControl: false, // see below
  })
    .on("headers", (answer: ServerResponse) => answer.setHeader("Cache-Control", toCacheControl(path)))
    .on("directory", () => refuse(response, 404))
    .on("error", ({ status, headers }: { status?: number; headers?: Record<string, string> }) => {
      // A range that the file does not have: the answer names its size (RFC 9110, 14.4).
      for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
      refuse(response, status ?? 500);
    })
    .pipe(response);
}

/** The path of a request, decoded; undefined where it is none that a file can have. */
function toPath(url: string): string | undefined {
  try {
    const path = decodeURIComponent(url.split(/[?#]/)[0] ?? "");
    const parts = path.split("/").slice(1);
    const isPlain = parts.every((part) => part !== "" && !part.startsWith(".") && !/[\0\\]/.test(part));
    return path.startsWith("/") && isPlain ? path : undefined;
  } catch {
    return undefined;
  }
}

async function isInside(root: string, path: string): Promise<boolean> {
  const real = await realpath(join(root, path)).catch(() => undefined);
  return real !== undefined && real.startsWith(root === sep ? sep : root + sep);
}

/** What has a version or a digest in its name never changes; the others are to be asked for each time. */
function toCacheControl(path: string): string {
  const name = path.split("/").at(-1) ?? "";
  return /^([0-9a-f]{64}|\d+)\./.test(name) ? "public, max-age=31536000, immutable" : "no-cache";
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`${status}\n`);
}
