/** An agent on loopback that anybody may treat badly, and a good caller that says whether it has survived. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once, type EventEmitter } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";

import {
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
  type KeyedCertificate,
} from "#trust/certificates.ts";
import { createRevocationList } from "#trust/createRevocationList.ts";
import { toSerialNumber } from "#trust/serialNumber.ts";

import { readMachineFacts } from "./machineFacts.ts";
import { createMemoryMachine } from "./memoryMachine.ts";
import type { InventoryPart } from "./readInventory.ts";
import { sealedMachine } from "./sealedMachine.fixture.ts";
import { startAgent } from "./startAgent.ts";

const HOST = "127.0.0.1";
export const STATUS = "/socle.v1.MachineService/GetStatus";
export const INVENTORY = "/socle.v1.MachineService/GetInventory";
const now = new Date();
const authority = await createCertificateAuthority("fleet", { now, days: 1 });
const otherAuthority = await createCertificateAuthority("fleet", { now, days: 1 });
const server = await issueServerCertificate(authority, { name: "m", hosts: [HOST], now, days: 1 });
const past = new Date("2020-01-01T00:00:00Z");
const grant = (role: string, by = authority, at = now) =>
  issueClientCertificate(by, { name: `a ${role}`, role, now: at, days: 1 });

export const CALLERS = {
  admin: await grant("admin"),
  reader: await grant("reader"),
  unknownRole: await grant("superuser"),
  revoked: await grant("admin"),
  expired: await grant("admin", authority, past),
  otherAuthority: await grant("admin", otherAuthority),
} as const;

const { serialNumber } = new X509Certificate(CALLERS.revoked.cert);
const revocations = await createRevocationList(authority, {
  revoked: [{ serial: toSerialNumber(serialNumber), at: now }],
  number: 1,
  now,
  nextUpdate: now,
});

export interface BadlyTreatedAgent extends AsyncDisposable {
  readonly port: number;
  /** What it has written down: level, message and fields. */
  readonly log: readonly { readonly message: string; readonly reason?: string; readonly status?: number }[];
  /** How many endless answers are under way. */
  readonly openAnswers: () => number;
  connect(options?: {
    caller?: KeyedCertificate | undefined;
    protocol?: string;
    maxVersion?: "TLSv1.2";
  }): Promise<TLSSocket>;
  openSession(caller?: KeyedCertificate): Promise<ClientHttp2Session>;
  /** The agent answers a good caller, and soon. */
  assertAnswers(): Promise<void>;
}

export async function startBadlyTreatedAgent(): Promise<BadlyTreatedAgent> {
  const log: BadlyTreatedAgent["log"][number][] = [];
  let open = 0;
  const machine = createMemoryMachine(sealedMachine);
  const agent = await startAgent({
    readFacts: () => readMachineFacts(machine),
    async *readInventory(signal): AsyncGenerator<InventoryPart> {
      open += 1;
      try {
        for (;;) {
          yield { files: [{ path: "/f" }] };
          await sleep(20, undefined, { signal });
        }
      } finally {
        open -= 1;
      }
    },
    calls: {
      updates: {},
      debug: {
        async *openDebugSession(inputs) {
          for await (const _input of inputs) yield { output: { case: "data", value: Buffer.from("typed") } };
        },
      },
    },
    tls: {
      certificate: server.cert,
      key: server.key,
      clientAuthorities: [authority.cert],
      revocations,
    },
    listen: { host: HOST, port: 0 },
    log: (_level, message, fields = {}) => void log.push({ message, ...fields }),
    monotonicUs: () => 0,
  });
  const { port } = agent;
  const secure = (caller: KeyedCertificate | undefined) => ({
    host: HOST,
    port,
    ca: authority.cert,
    ...(caller === undefined ? {} : { cert: caller.cert, key: caller.key }),
  });
  return {
    port,
    log,
    openAnswers: () => open,
    connect: async ({ caller, protocol = "h2", maxVersion } = {}) => {
      const socket = connectTls({
        ...secure(caller),
        ALPNProtocols: [protocol],
        ...(maxVersion === undefined ? {} : { maxVersion }),
      });
      socket.on("error", () => {}); // being cut off is what is looked for
      await once(socket, "secureConnect");
      return socket;
    },
    openSession: async (caller = CALLERS.admin) => {
      const session = connectHttp2(`https://${HOST}:${port}`, secure(caller));
      session.on("error", () => {});
      await once(session, "connect");
      return session;
    },
    assertAnswers: async () => {
      const session = connectHttp2(`https://${HOST}:${port}`, secure(CALLERS.admin));
      session.setTimeout(5_000, () => session.destroy(new Error("no answer to a good caller")));
      const { status, body } = await post(session, STATUS, "{}");
      session.destroy();
      assert.equal(status, 200);
      assert.match(body, /"id":"minimal"/);
    },
    [Symbol.asyncDispose]: () => agent.close(),
  };
}

export interface Answer {
  /** Undefined when there was none: the stream was cut. */
  readonly status: number | undefined;
  readonly body: string;
}

export async function post(
  session: ClientHttp2Session,
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/json",
    ...headers,
  });
  stream.end(body);
  return readAnswer(stream);
}

export async function readAnswer(stream: ClientHttp2Stream): Promise<Answer> {
  let status: number | undefined;
  let body = "";
  stream.on("response", (headers) => (status = headers[":status"]));
  stream.setEncoding("utf8").on("data", (text: string) => (body += text));
  await untilClosed(stream);
  return { status, body };
}

/** Whatever else it ends with: being cut off is what is looked for. */
export async function untilClosed(stream: EventEmitter): Promise<void> {
  stream.on("error", () => {});
  await new Promise((resolve) => stream.once("close", resolve));
}

export async function waitUntil(what: string, isSo: () => boolean): Promise<void> {
  const until = Date.now() + 5_000;
  while (!isSo()) {
    assert.ok(Date.now() < until, `waited for: ${what}`);
    await sleep(10);
  }
}
