import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server does instead of sending the file. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface MemoryServer extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string;
  /** Other bytes, or another behaviour, for a path; `undefined` bytes are 404. */
  readonly instead: Map<string, Uint8Array | Answer | undefined>;
  /** Paths that were asked for, in order, with the range if one was asked for. */
  readonly asked: string[];
  /** Whether ranges are known. */
  ranges: boolean;
}

/** Serves files by their path below the address, on a free port of this host. */
export async function startMemoryServer(files: () => ReadonlyMap<string, Uint8Array>): Promise<MemoryServer> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://localhost").pathname.slice(1));
    const { range } = request.headers;
    served.asked.push(range === undefined ? path : `${path} ${range}`);
    const found = served.instead.has(path) ? served.instead.get(path) : files().get(path);
    if (typeof found === "function") found(request, response);
    else if (found === undefined) response.writeHead(404).end();
    else sendFile(response, found, served.ranges ? range : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const served: MemoryServer = {
    url: `http://127.0.0.1:${port}/`,
    instead: new Map(),
    asked: [],
    ranges: true,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return served;
}

function sendFile(response: ServerResponse, bytes: Uint8Array, range: string | undefined): void {
  const [, start = 0, last = bytes.length - 1] = /^bytes=(\d+)-(\d+)?$/.exec(range ?? "") ?? [];
  const [from, end] = [Number(start), Math.min(Number(last) + 1, bytes.length)];
  if (range === undefined) response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  else if (from >= bytes.length) response.writeHead(416).end();
  else {
    const contentRange = `bytes ${from}-${end - 1}/${bytes.length}`;
    response
      .writeHead(206, { "content-range": contentRange, "content-length": end - from })
      .end(bytes.subarray(from, end));
  }
}

/** A file that never ends, without saying how long it is. */
export const endless: Answer = (_request, response) => {
  response.writeHead(200);
  const chunk = Buffer.alloc(1 << 14, "x");
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
};

/** A file that never gets anywhere: a byte now and then. */
export const dripping: Answer = (_request, response) => {
  response.writeHead(200);
  const drip = setInterval(() => response.write("x"), 5);
  response.once("close", () => clearInterval(drip));
};

/** Says how long the file is, sends a part of it, and closes. */
export function truncatedAt(bytes: Uint8Array, sentBytes: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, sentBytes), () => response.socket?.end());
  };
}
