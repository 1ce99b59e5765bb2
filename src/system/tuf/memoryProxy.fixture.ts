import { createServer, request as sendRequest } from "node:http";
import { connect, type AddressInfo } from "node:net";

/** What a proxy does with a tunnel that it is asked for. */
export type TunnelAnswer = "opens" | "refuses" | "says nothing";

export interface MemoryProxy extends AsyncDisposable {
  /** With a name and a password. */
  readonly url: string;
  /** What it was asked for, with the credentials that came along. */
  readonly asked: string[];
  tunnels: TunnelAnswer;
}

/** A forward proxy on a free port of this host. */
export async function startMemoryProxy(): Promise<MemoryProxy> {
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    proxy.asked.push(`${method} ${url} ${headers["proxy-authorization"]}`);
    const onward = sendRequest(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    onward.end();
  });
  server.on("connect", ({ url = "", headers }, socket) => {
    proxy.asked.push(`CONNECT ${url} ${headers["proxy-authorization"]}`);
    sockets.add(socket);
    if (proxy.tunnels === "refuses") socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    if (proxy.tunnels !== "opens") return;
    const { hostname, port } = new URL(`http://${url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  const sockets = new Set<{ destroy: () => void }>();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const proxy: MemoryProxy = {
    url: `http://name:secret@127.0.0.1:${port}`,
    asked: [],
    tunnels: "opens",
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
