/** The least that a server can do: certificates of both sides, HTTP/2, and the same bytes for everyone. */
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const read = (name: string) => readFileSync(join(process.env["BENCH_KEYS"] ?? "", name));
const answer = Buffer.alloc(Number(process.argv[2]), "x");

const server = createSecureServer({
  cert: read("server.pem"),
  key: read("server.key"),
  ca: read("ca.pem"),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: "TLSv1.3",
});
server.on("stream", (stream) => {
  stream.resume();
  stream.respond({ ":status": 200, "content-type": "application/proto" });
  stream.end(answer);
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo; // it listens on TCP, so this is no pipe name
  process.stdout.write(`${JSON.stringify({ message: "listening", port })}\n`);
});
