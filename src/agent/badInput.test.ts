/** What bad input gets: each is refused or survived, and a good caller is answered right after. docs/hardening.md. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";

import {
  CALLERS,
  INVENTORY,
  post,
  readAnswer,
  startBadlyTreatedAgent,
  STATUS,
  untilClosed,
  waitUntil,
  type BadlyTreatedAgent,
} from "./badInput.fixture.ts";

let agent: BadlyTreatedAgent;
before(async () => {
  agent = await startBadlyTreatedAgent();
});
after(async () => agent[Symbol.asyncDispose]());

/** What a connection is told, until its other end closes it. */
async function readToEnd(socket: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  await untilClosed(socket);
  return text;
}

const CUT_AT_THE_DOOR: readonly [string, Parameters<BadlyTreatedAgent["connect"]>[0]][] = [
  ["without a certificate", {}],
  ["with an expired certificate", { caller: CALLERS.expired }],
  ["with a certificate of another authority", { caller: CALLERS.otherAuthority }],
];

for (const [who, options] of CUT_AT_THE_DOOR)
  test(`${who}: nothing is answered, and it is written down`, async () => {
    const before = agent.log.length;
    const socket = await agent.connect({ ...options, protocol: "http/1.1" }); // in TLS 1.3 our side is done first
    socket.write(
      `POST ${STATUS} HTTP/1.1\r\nhost: m\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
    );
    assert.equal(await readToEnd(socket), "");
    await waitUntil("a line", () => agent.log.length > before);
    assert.deepEqual(
      agent.log.slice(before).map(({ message, reason }) => [message, reason]),
      [["refused", "sign-in-failed"]],
    );
    await agent.assertAnswers();
  });

test("a revoked certificate passes the handshake, gets no answer, and is written down", async () => {
  const session = await agent.openSession(CALLERS.revoked);
  const { status, body } = await post(session, STATUS, "{}");
  assert.deepEqual({ status, body }, { status: undefined, body: "" });
  assert.equal(agent.log.at(-1)?.reason, "revoked");
  await agent.assertAnswers();
});

test("a role that is none, or too little, is told so and does nothing", async () => {
  const calls = [
    [CALLERS.unknownRole, STATUS],
    [CALLERS.reader, "/socle.v1.ControlService/Reboot"],
  ] as const;
  for (const [caller, path] of calls) {
    const session = await agent.openSession(caller);
    const { status, body } = await post(session, path, "{}");
    session.destroy();
    assert.equal(status, 403);
    assert.match(body, /permission_denied/);
    assert.ok(agent.log.some(({ reason }) => reason === "role-insufficient"));
  }
  await agent.assertAnswers();
});

test("TLS 1.2 is not spoken", async () => {
  const options = { caller: CALLERS.admin, maxVersion: "TLSv1.2" } as const;
  await assert.rejects(agent.connect(options), /protocol version/);
  await agent.assertAnswers();
});

test("a megabyte more than any request is refused, not kept in memory", async () => {
  const session = await agent.openSession();
  const large = `{"x":"${"y".repeat(2 * 1024 * 1024)}"}`;
  const { status } = await post(session, STATUS, large);
  assert.notEqual(status, 200);
  session.destroy();
  await agent.assertAnswers();
});

const PROTO = { "content-type": "application/proto" };
const NOT_CALLS: readonly [
  what: string,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string>,
  status: number,
][] = [
  ["broken protobuf", STATUS, Uint8Array.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), PROTO, 500],
  ["protobuf where JSON is announced", STATUS, Uint8Array.from([0x08, 0x96, 0x01]), {}, 400],
  ["broken JSON", STATUS, '{"a":', {}, 400],
  ["JSON with a key that is none", STATUS, '{"shell":"/bin/sh"}', {}, 400],
  ["deep JSON", STATUS, "[".repeat(100_000), {}, 400],
  ["another content type", STATUS, "{}", { "content-type": "text/html" }, 415],
  ["a compression that is none", STATUS, "{}", { "content-encoding": "zip-bomb" }, 404],
  ["a gzip that is none", STATUS, "{}", { "content-encoding": "gzip" }, 400],
  ["a path up", "/../../etc/shadow", "{}", {}, 404],
  ["an encoded path up", "/socle.v1.MachineService/%2e%2e%2f%2e%2e%2fetc%2fshadow", "{}", {}, 404],
  ["a method that is none", "/socle.v1.MachineService/RunShell", "{}", {}, 404],
  ["a time limit that is none", STATUS, "{}", { "connect-timeout-ms": "-1 or so" }, 400],
];

for (const [what, path, body, headers, wanted] of NOT_CALLS)
  test(`${what} is answered with an error that tells nothing of our insides`, async () => {
    const session = await agent.openSession();
    const { status, body: said } = await post(session, path, body, headers);
    session.destroy();
    assert.ok(status === wanted || (wanted === 404 && status === 501), `${status}: ${said}`);
    assert.doesNotMatch(said, /node_modules|\/work|at async|\.ts:/);
    await agent.assertAnswers();
  });

test("a message of gzip that unpacks to much more is refused", async () => {
  const { gzipSync } = await import("node:zlib");
  const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024, " "));
  assert.ok(bomb.length < 128 * 1024);
  const session = await agent.openSession();
  const { status } = await post(session, STATUS, bomb, { "content-encoding": "gzip" });
  session.destroy();
  assert.ok(status !== undefined && status >= 400);
  await agent.assertAnswers();
});

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

function toFrame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const SETTINGS = toFrame(4, 0, 0, new Uint8Array());
/** `:method: GET`, `:scheme: https`, `:path: /` by their numbers in the static table of HPACK. */
const HEADERS = Uint8Array.from([0x82, 0x87, 0x84]);
const repeat = (count: number, toOne: (at: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, at) => toOne(at)));

/** RFC 9113. All of them end the connection, and only that. */
const BAD_FRAMES: readonly [string, Uint8Array][] = [
  ["no HTTP at all", Buffer.from("\u0016\u0003\u0001 what is this\r\n\r\n".repeat(50))],
  ["a frame that says it is 16 MiB", Buffer.concat([PREFACE, Buffer.from("ffffff0000000000001234", "hex")])],
  [
    "data for a stream that was never opened",
    Buffer.concat([PREFACE, SETTINGS, toFrame(0, 1, 7, Buffer.from("{}"))]),
  ],
  ["a settings frame of a wrong length", Buffer.concat([PREFACE, toFrame(4, 0, 0, Buffer.alloc(5))])],
  ["headers that are no HPACK", Buffer.concat([PREFACE, SETTINGS, toFrame(1, 5, 1, Buffer.alloc(40, 0xff))])],
  [
    "headers that never end",
    Buffer.concat([
      PREFACE,
      SETTINGS,
      toFrame(1, 0, 1, HEADERS),
      repeat(5000, () => toFrame(9, 0, 1, Buffer.alloc(100, 0x40))),
    ]),
  ],
  [
    "20,000 streams that are opened and reset",
    Buffer.concat([
      PREFACE,
      SETTINGS,
      repeat(20_000, (at) =>
        Buffer.concat([
          toFrame(1, 5, 2 * at + 1, HEADERS),
          toFrame(3, 0, 2 * at + 1, Buffer.from([0, 0, 0, 8])),
        ]),
      ),
    ]),
  ],
  ["a flood of settings", Buffer.concat([PREFACE, SETTINGS, repeat(20_000, () => SETTINGS)])],
];

for (const [what, bytes] of BAD_FRAMES)
  test(`HTTP/2 with ${what} ends that connection`, async () => {
    const socket = await agent.connect({ caller: CALLERS.admin });
    const ended = readToEnd(socket);
    socket.write(bytes);
    await Promise.race([ended, sleep(5_000)]);
    assert.ok(socket.destroyed, "it is still open");
    await agent.assertAnswers();
  });

test("HTTP/1.1 that is none gets 400, and headers of a megabyte 431", async () => {
  for (const [text, wanted] of [
    ["GET / HTTP/9.9 \r\n\r\n\r\n", /^HTTP\/1\.1 400 /],
    [`GET / HTTP/1.1\r\nx: ${"y".repeat(1024 * 1024)}\r\n\r\n`, /^HTTP\/1\.1 431 |^$/],
    [
      "POST / HTTP/1.1\r\nhost: m\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
  ] as const) {
    const socket = await agent.connect({ caller: CALLERS.admin, protocol: "http/1.1" });
    socket.write(text);
    assert.match(await readToEnd(socket), wanted);
    await agent.assertAnswers();
  }
});

test("400 connections that say nothing keep nobody out, and the oldest of them make room", async () => {
  const silent = Array.from({ length: 400 }, () => connect({ host: "127.0.0.1", port: agent.port }));
  const closed = silent.map(async (socket) => readToEnd(socket));
  await Promise.all(silent.map(async (socket) => once(socket, "connect").catch(() => {})));
  await agent.assertAnswers();
  await waitUntil("room", () => silent.filter(({ destroyed }) => destroyed).length >= 200);
  for (const socket of silent) socket.destroy();
  await Promise.all(closed);
  await agent.assertAnswers();
});

test("a request whose body does not come is given up after half a minute, and others are answered meanwhile", async (t) => {
  const session = await agent.openSession();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const stream = session.request({ ":method": "POST", ":path": STATUS, "content-type": "application/json" });
  stream.write("{");
  const answered = readAnswer(stream);
  await agent.assertAnswers(); // over a connection of its own, which comes later
  t.mock.timers.tick(30_000);
  assert.notEqual((await answered).status, 200);
  t.mock.timers.reset();
  session.destroy();
  await agent.assertAnswers();
});

test("a debug session, whose input has no end, is not given up for it", async (t) => {
  const session = await agent.openSession();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const stream = session.request({
    ":method": "POST",
    ":path": "/socle.v1.DebugService/OpenDebugSession",
    "content-type": "application/connect+json",
  });
  stream.on("error", () => {});
  const type = async () => {
    stream.write(Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]));
    const [data] = (await once(stream, "data")) as [Buffer];
    assert.match(data.toString("latin1"), /"data"/);
  };
  await type();
  t.mock.timers.tick(3_600_000);
  await type();
  t.mock.timers.reset();
  session.destroy();
  await agent.assertAnswers();
});

test("callers that go away in the middle of an answer leave nothing behind", async () => {
  for (let round = 0; round < 4; round++) {
    const session = await agent.openSession();
    const streams = Array.from({ length: 16 }, () => {
      const stream = session.request({
        ":method": "POST",
        ":path": INVENTORY,
        "content-type": "application/connect+json",
      });
      stream.on("error", () => {});
      stream.end(Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]));
      return stream.resume();
    });
    await Promise.all(streams.map(async (stream) => once(stream, "data")));
    assert.equal(agent.openAnswers(), 16);
    session.destroy();
    await waitUntil("the answers to end", () => agent.openAnswers() === 0);
  }
  await agent.assertAnswers();
});

test("after all of it no connection is left", async () => {
  const count = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
  await waitUntil("connections to close", () => count() === 0);
});
