import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

import { makeTestRelease } from "#boot/updateRelease.fixture.ts";
import { ErrorDetailSchema } from "#protocol/gen/socle/v1/machine_pb.ts";
import { UpdateOutcome, UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";

import { passCalls } from "./passCalls.ts";
import { startAgent } from "./startAgent.ts";
import { MemoryUpdaterMachine } from "./updater/memoryUpdaterMachine.fixture.ts";
import { follow, publishReleases, startTestUpdater } from "./updater/testUpdater.fixture.ts";

const access = await createDevelopmentAccess({ name: "minimal", now: new Date(), days: 1 });
const V10 = makeTestRelease("1.0.0");
const V11 = makeTestRelease("1.1.0");
const fresh = () =>
  new MemoryUpdaterMachine(V10, { slots: { A: V10 }, entries: { "minimal_1.0.0.efi": V10 } });

/** An agent that passes updates on to this socket, and a caller of it over mutual TLS. */
async function startPass(socketPath: string) {
  const agent = await startAgent({
    readFacts: () => Promise.reject(new Error("nobody asks for the status here")),
    readInventory: () => assert.fail(),
    calls: { updates: passCalls(UpdateService, socketPath) },
    tls: { certificate: access.server.cert, key: access.server.key, clientAuthorities: [access.ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log: () => undefined,
    monotonicUs: () => 0,
  });
  const transport = createConnectTransport({
    httpVersion: "2",
    baseUrl: `https://127.0.0.1:${agent.port}`,
    nodeOptions: {
      ca: access.ca,
      cert: access.client.cert,
      key: access.client.key,
      checkServerIdentity: () => undefined,
    },
  });
  const client = createClient(UpdateService, transport);
  return { client, [Symbol.asyncDispose]: async () => agent.close() };
}

const hasCode = (wanted: Code, code: string) => (error: unknown) => {
  assert.ok(error instanceof ConnectError, String(error));
  assert.equal(error.code, wanted);
  assert.equal(error.findDetails(ErrorDetailSchema)[0]?.code, code);
  return true;
};

test("calls, events and errors with their details go through the agent as they are, with the caller's name", async () => {
  await using updater = await startTestUpdater({
    repository: await publishReleases([V10, V11]),
    machine: fresh(),
  });
  await using pass = await startPass(updater.socketPath);
  assert.equal((await pass.client.getUpdateState({})).runningVersion, "1.0.0");
  const { finished, events } = await follow(pass.client.applyUpdate({ target: {} }));
  assert.equal(finished.outcome, UpdateOutcome.STAGED);
  const [first] = events;
  assert.equal(first?.event.case === "started" && first.event.value.caller, "developer");
  const target = { version: "9.9.9" };
  await assert.rejects(pass.client.planUpdate({ target }), hasCode(Code.NotFound, "version-unknown"));
});

test("a caller of the agent that goes away ends its stream at the updater", async () => {
  await using updater = await startTestUpdater({
    repository: await publishReleases([V10]),
    machine: fresh(),
    idleMs: 100,
  });
  await using pass = await startPass(updater.socketPath);
  const caller = new AbortController();
  const watching = follow(pass.client.watchUpdates({}, { signal: caller.signal })).catch(() => "gone");
  await new Promise((resolve) => setTimeout(resolve, 50));
  caller.abort();
  assert.equal(await watching, "gone");
  await updater.running.ended;
});

test("an updater that is not there, or dies while it answers, is unavailable, and not an error of the agent", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-pass-"));
  await using nowhere = await startPass(join(folder.path, "none.sock"));
  const isUnavailable = hasCode(Code.Unavailable, "updater-unavailable");
  await assert.rejects(nowhere.client.getUpdateState({}), isUnavailable);
  await assert.rejects(follow(nowhere.client.watchUpdates({})), isUnavailable);
  const socketPath = join(folder.path, "dying.sock");
  const dying = createServer((socket) => socket.once("data", () => socket.destroy()));
  await new Promise<void>((resolve) => dying.listen(socketPath, resolve));
  await using there = await startPass(socketPath);
  await assert.rejects(there.client.getUpdateState({}), isUnavailable);
  await assert.rejects(follow(there.client.applyUpdate({ target: {} })), isUnavailable);
  await new Promise((resolve) => dying.close(resolve));
});
