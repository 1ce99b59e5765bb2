/** What takes too long for the fast tests of bad input (src/agent/badInput.test.ts): a thousand connections, and slow ones. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";

import {
  CALLERS,
  post,
  STATUS,
  startBadlyTreatedAgent,
  untilClosed,
  waitUntil,
  type BadlyTreatedAgent,
} from "#agent/badInput.fixture.ts";

let agent: BadlyTreatedAgent;
before(async () => {
  agent = await startBadlyTreatedAgent();
});
after(async () => agent[Symbol.asyncDispose]());

const COUNT = 1000;
const MOST_GROWTH_BYTES = 16 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void; // there by the flag

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function openSilent(): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: agent.port });
  socket.on("error", () => {});
  await Promise.race([once(socket, "connect"), once(socket, "close")]);
  return socket;
}

test("a thousand connections at once without a certificate keep nobody out, and leave nothing behind", async () => {
  await agent.assertAnswers();
  const usedBefore = usedBytes();
  const sockets = await Promise.all(Array.from({ length: COUNT }, openSilent));
  await agent.assertAnswers();
  for (const socket of sockets) socket.destroy();
  await agent.assertAnswers();
  // Nor do they fill the journal.
  assert.ok(agent.log.filter(({ reason }) => reason === "sign-in-failed").length < 150);
  const grown = usedBytes() - usedBefore;
  assert.ok(grown < MOST_GROWTH_BYTES, `${grown} bytes more than before`);
});

test("a thousand connections with a certificate: those that are too many are cut, and neither those that are there nor others notice", async () => {
  const usedBefore = usedBytes();
  const good = await agent.openSession();
  const opened = await Promise.allSettled(
    Array.from({ length: COUNT }, async () => agent.connect({ caller: CALLERS.reader })),
  );
  assert.equal((await post(good, STATUS, "{}")).status, 200);
  await agent.assertAnswers(); // over another connection, of another caller
  assert.ok(agent.log.some(({ reason }) => reason === "too-many-connections"));
  const sockets = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  // The caller's end of a handshake is through before ours sees who it is.
  const listOpen = () => sockets.filter(({ closed }) => !closed);
  for (const socket of listOpen()) socket.resume();
  await waitUntil("those that are too many to close", () => listOpen().length <= 128);
  assert.ok(listOpen().length >= 100, `${listOpen().length} were let in`);
  const closed = listOpen().map(async (socket) => untilClosed(socket.destroy()));
  await Promise.all(closed);
  assert.equal((await post(good, STATUS, "{}")).status, 200);
  good.destroy();
  await agent.assertAnswers();
  const grown = usedBytes() - usedBefore;
  assert.ok(grown < MOST_GROWTH_BYTES, `${grown} bytes more than before`);
});

test("slow ones are dropped: silence after ten seconds, a drip of headers within a minute; others are answered meanwhile", async () => {
  const from = Date.now();
  const secondsUntilClosed = async (socket: Socket) => {
    await untilClosed(socket);
    return (Date.now() - from) / 1000;
  };
  const dripping = await agent.connect({ caller: CALLERS.admin, protocol: "http/1.1" });
  dripping.resume().write("POST / HTTP/1.1\r\nx: ");
  const drip = setInterval(() => dripping.write("y"), 500);
  const silent = secondsUntilClosed(await openSilent());
  const slow = secondsUntilClosed(dripping);
  await agent.assertAnswers();
  const [silentSeconds, slowSeconds] = await Promise.all([silent, slow]);
  clearInterval(drip);
  assert.ok(silentSeconds > 8 && silentSeconds < 15, `${silentSeconds} s`);
  assert.ok(slowSeconds < 70, `${slowSeconds} s`);
  await agent.assertAnswers();
});
