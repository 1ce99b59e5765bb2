/**
 * Calls one method over one connection for a while, with a fixed number of calls under way: HTTP/2 and nothing on top, so
 * that little of the time is its own. A process of its own, with the port, the number of streams and the number of seconds,
 * or of calls, as arguments; the keys are in the folder of the environment. Prints what it saw as JSON.
 */
import { readFile } from "node:fs/promises";
import { connect } from "node:http2";
import { join } from "node:path";

export interface CallSample {
  readonly calls: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of one answer. */
  readonly answerBytes: number;
}

const [port = "", streams = "", amount = "", unit = ""] = process.argv.slice(2);
const folder = process.env["BENCH_KEYS"] ?? "";
const [ca, cert, key] = await Promise.all(
  ["ca.pem", "client.pem", "client.key"].map((name) => readFile(join(folder, name))),
);
const session = connect(`https://127.0.0.1:${port}`, { ca, cert, key });
const HEADERS = {
  ":method": "POST",
  ":path": "/socle.v1.MachineService/GetStatus",
  "content-type": "application/proto",
  "connect-protocol-version": "1",
};

/** @returns the length of the answer */
function call(): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = session.request(HEADERS);
    let status = 0;
    let length = 0;
    stream.on("response", (headers) => (status = headers[":status"] ?? 0));
    stream.on("data", (chunk: Buffer) => (length += chunk.length));
    stream.once("error", reject);
    stream.once("end", () => {
      if (status === 200) resolve(length);
      else reject(new Error(`The server answers ${status}`));
    });
    stream.end();
  });
}

const answerBytes = await call();
const tookMs: number[] = [];
const startedMs = performance.now();
const untilMs = unit === "seconds" ? startedMs + Number(amount) * 1000 : Number.POSITIVE_INFINITY;
let left = unit === "calls" ? Number(amount) : Number.POSITIVE_INFINITY;

async function keepCalling(): Promise<void> {
  while (left > 0 && performance.now() < untilMs) {
    left -= 1;
    const beganMs = performance.now();
    await call();
    tookMs.push(performance.now() - beganMs);
  }
}

await Promise.all(Array.from({ length: Number(streams) }, keepCalling));
const seconds = (performance.now() - startedMs) / 1000;
session.close();
tookMs.sort((a, b) => a - b);
const quantile = (share: number) =>
  tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))] ?? 0;
const sample: CallSample = {
  calls: tookMs.length,
  seconds,
  p50Ms: quantile(0.5),
  p99Ms: quantile(0.99),
  answerBytes,
};
process.stdout.write(JSON.stringify(sample));
