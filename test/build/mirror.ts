import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** A package mirror on the loopback. `answer` may replace what it says: a status, or other bytes. */
export async function startMirror(
  folder: string | undefined,
  answer: (path: string) => number | Uint8Array | undefined = () => undefined,
): Promise<{ url: string; asked: string[] } & AsyncDisposable> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/");
    asked.push(path);
    const instead = answer(path);
    if (typeof instead === "number") response.writeHead(instead).end();
    else if (instead !== undefined) response.end(instead);
    else if (folder === undefined) response.writeHead(404).end();
    else {
      readFile(join(folder, path)).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
