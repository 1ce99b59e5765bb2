import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { connect } from "node:tls";
import { MachineCallError, type MachineAccess, type MachineCallErrorCode } from "#cli/callMachine.ts";
import { fetchStatus } from "#cli/commands/status.ts";
import { fetchInventory } from "#cli/fetchInventory.ts";
import { Slot, VerityState } from "#protocol/gen/socle/v1/machine_pb.ts";
import { createDevelopmentAccess, type DevelopmentAccess } from "#trust/certificates.ts";
import { toSerialNumber } from "#trust/serialNumber.ts";
import { createLog } from "./log.ts";
import { readMachineFacts, type MachineFacts } from "./machineFacts.ts";
import { createMemoryMachine } from "./memoryMachine.ts";
import { readInventory, type InventoryPart } from "./readInventory.ts";
import { ROOT_HASH, sealedMachine } from "./sealedMachine.fixture.ts";
import { startAgent, type AgentOptions } from "./startAgent.ts";

const TIMEOUT = { timeoutMs: 5_000 };
const now = new Date();
const access = await createDevelopmentAccess({ name: "minimal", now, days: 1 });
const otherAccess = await createDevelopmentAccess({ name: "minimal", now, days: 1 });

const readSealed = () => readMachineFacts(createMemoryMachine(sealedMachine));

async function startTestAgent(
  readFacts: () => Promise<MachineFacts> = readSealed,
  readSealedInventory: AgentOptions["readInventory"] = (signal) =>
    readInventory(createMemoryMachine(sealedMachine), signal),
) {
  const lines: string[] = [];
  const agent = await startAgent({
    calls: { updates: {} },
    readFacts,
    readInventory: readSealedInventory,
    tls: { certificate: access.server.cert, key: access.server.key, clientAuthorities: [access.ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog((line) => lines.push(line), Date.now),
    monotonicUs: () => 9_000_000,
  });
  return { agent, lines, [Symbol.asyncDispose]: () => agent.close() };
}

function toMachineAccess(
  port: number,
  { ca, client }: Pick<DevelopmentAccess, "ca" | "client"> = access,
): MachineAccess {
  return { host: "127.0.0.1", port, caPem: ca, certPem: client.cert, keyPem: client.key };
}

async function* toAsync<Part>(parts: Iterable<Part>): AsyncGenerator<Part> {
  yield* parts;
}

const isError = (code: MachineCallErrorCode) => (error: unknown) =>
  error instanceof MachineCallError && error.code === code;

test("the status is answered over mutual TLS and HTTP/2", async () => {
  await using running = await startTestAgent();
  const status = await fetchStatus(toMachineAccess(running.agent.port), TIMEOUT);
  assert.equal(status.image?.id, "minimal");
  assert.equal(status.root?.slot, Slot.B);
  assert.equal(status.root?.verity?.state, VerityState.VERIFIED);
  assert.equal(status.root?.verity?.rootHash, ROOT_HASH);
  assert.equal(status.root?.verity?.rootHashMatches, true);
  assert.equal(status.bootTimes?.agentReadyUs, 9_000_000n);
  assert.deepEqual(status.problems, []);
  assert.deepEqual(
    status.trees.map(({ path, policy, mount }) => `${path} ${policy} ${mount?.target}`),
    ["/usr verified /", "/etc rendered /etc", "/var persistent-noexec /var"],
  );
});

test("the status is answered to a JSON POST over HTTP/1.1, as from curl", async () => {
  await using running = await startTestAgent();
  const call = request({
    host: "127.0.0.1",
    port: running.agent.port,
    path: "/socle.v1.MachineService/GetStatus",
    method: "POST",
    headers: { "content-type": "application/json" },
    ca: access.ca,
    cert: access.client.cert,
    key: access.client.key,
    agent: false,
  });
  call.end("{}");
  const [response] = (await once(call, "response")) as [IncomingMessage];
  const body = JSON.parse((await response.toArray()).join("")) as {
    root: { slot: string };
    image: { version: string };
  };
  assert.equal(response.statusCode, 200);
  assert.equal(response.httpVersion, "1.1");
  assert.equal(body.root.slot, "SLOT_B");
  assert.equal(body.image.version, "1.0.0");
});

test("the log names the caller and its role", async () => {
  await using running = await startTestAgent();
  await fetchStatus(toMachineAccess(running.agent.port), TIMEOUT);
  const { method, caller } = JSON.parse(running.lines.at(-1) ?? "") as { method: string; caller: unknown };
  assert.equal(method, "GetStatus");
  const serial = new X509Certificate(access.client.cert).serialNumber;
  assert.deepEqual(caller, { name: "developer", role: "admin", serial: toSerialNumber(serial) });
});

test("a caller without a certificate is refused", async () => {
  await using running = await startTestAgent();
  const socket = connect({
    host: "127.0.0.1",
    port: running.agent.port,
    ca: access.ca,
    ALPNProtocols: ["h2"],
  });
  await assert.rejects(async () => {
    await once(socket, "secureConnect"); // TLS 1.3: the refusal comes after our side is done
    await once(socket, "end");
  }, /certificate required/);
});

test("a certificate of another authority is refused", async () => {
  await using running = await startTestAgent();
  const caller = toMachineAccess(running.agent.port, { ca: access.ca, client: otherAccess.client });
  await assert.rejects(fetchStatus(caller, TIMEOUT), isError("certificate-refused"));
});

test("a machine's own certificate is no way in", async () => {
  await using running = await startTestAgent();
  const caller = toMachineAccess(running.agent.port, { ca: access.ca, client: access.server });
  await assert.rejects(fetchStatus(caller, TIMEOUT), isError("certificate-refused"));
});

test("an expired certificate is refused, and the caller is told when it expired", async () => {
  const past = await createDevelopmentAccess({
    name: "minimal",
    now: new Date("2020-01-01T00:00:00Z"),
    days: 1,
  });
  await using running = await startTestAgent();
  const caller = toMachineAccess(running.agent.port, { ca: access.ca, client: past.client });
  await assert.rejects(fetchStatus(caller, TIMEOUT), (error) => {
    assert.ok(isError("certificate-refused")(error));
    const { hint = "" } = error as MachineCallError;
    assert.match(hint, /^Your certificate expired on 2020-01-02T00:00:00.000Z\. .* socle access renew$/);
    return true;
  });
});

test("TLS 1.2 is refused", async () => {
  await using running = await startTestAgent();
  const socket = connect({
    host: "127.0.0.1",
    port: running.agent.port,
    ca: access.ca,
    cert: access.client.cert,
    key: access.client.key,
    maxVersion: "TLSv1.2",
  });
  await assert.rejects(once(socket, "secureConnect"), /protocol version/);
});

test("a machine with another authority is not talked to", async () => {
  await using running = await startTestAgent();
  const caller = toMachineAccess(running.agent.port, { ca: otherAccess.ca, client: otherAccess.client });
  await assert.rejects(fetchStatus(caller, TIMEOUT), isError("machine-not-trusted"));
});

test("an error inside tells the caller nothing and the log everything", async () => {
  await using running = await startTestAgent(() => Promise.reject(new Error("the secret is sesame")));
  await assert.rejects(fetchStatus(toMachineAccess(running.agent.port), TIMEOUT), (error) => {
    assert.ok(isError("machine-failed")(error));
    assert.doesNotMatch((error as Error).message, /sesame/);
    return true;
  });
  assert.match(running.lines.at(-1) ?? "", /the secret is sesame/);
});

test("the inventory comes whole, and the log says that it was answered", async () => {
  await using running = await startTestAgent();
  const inventory = await fetchInventory(toMachineAccess(running.agent.port), TIMEOUT);
  assert.equal(inventory.id, "minimal");
  assert.equal(inventory.rootHash, ROOT_HASH);
  assert.deepEqual(
    inventory.packages.map(({ name }) => name),
    ["openssh-server", "zlib1g"],
  );
  assert.deepEqual(inventory.files.slice(0, 2), [
    { path: "/bin", type: "symlink", mode: 0o777, uid: 0, gid: 0, target: "usr/bin" },
    { path: "/etc", type: "directory", mode: 0o755, uid: 0, gid: 0 },
  ]);
  assert.equal(inventory.files.find(({ path }) => path === "/usr/bin/su")?.sizeBytes, 84_360);
  assert.equal(inventory.listeners.length, 3);
  assert.deepEqual(inventory.unreadable, []);
  const { method, message } = JSON.parse(running.lines.at(-1) ?? "") as Record<string, string>;
  assert.deepEqual([method, message], ["GetInventory", "call answered"]);
});

test("an inventory of 60,000 files arrives in order", async () => {
  const parts = function* (): Generator<InventoryPart> {
    yield { system: { image: { id: "large" } } };
    for (let part = 0; part < 120; part++)
      yield { files: Array.from({ length: 500 }, (_, at) => ({ path: `/f${part * 500 + at}`, type: 1 })) };
  };
  await using running = await startTestAgent(readSealed, () => toAsync(parts()));
  const { files } = await fetchInventory(toMachineAccess(running.agent.port), { timeoutMs: 30_000 });
  assert.equal(files.length, 60_000);
  assert.equal(new Set(files.map(({ path }) => path)).size, 60_000);
});

test("an inventory that fails halfway tells the caller nothing and the log everything", async () => {
  const parts = function* (): Generator<InventoryPart> {
    yield { system: { image: { id: "minimal" } } };
    throw new Error("the secret is sesame");
  };
  await using running = await startTestAgent(readSealed, () => toAsync(parts()));
  await assert.rejects(fetchInventory(toMachineAccess(running.agent.port), TIMEOUT), (error) => {
    assert.ok(isError("machine-failed")(error));
    assert.doesNotMatch((error as Error).message, /sesame/);
    return true;
  });
  assert.match(running.lines.at(-1) ?? "", /the secret is sesame/);
});

test("an inventory that nobody waits for any more stops", async () => {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const caller = new AbortController();
  const parts = async function* (signal: AbortSignal): AsyncGenerator<InventoryPart> {
    yield { system: { image: { id: "minimal" } } };
    signal.addEventListener("abort", () => resolve());
    caller.abort(new Error("enough"));
    for (;;) {
      await new Promise((next) => setTimeout(next, 5));
      signal.throwIfAborted();
      yield { files: [{ path: "/f" }] };
    }
  };
  await using running = await startTestAgent(readSealed, parts);
  const call = fetchInventory(toMachineAccess(running.agent.port), {
    timeoutMs: 30_000,
    signal: caller.signal,
  });
  await assert.rejects(call, /enough/);
  await stopped;
});

test("nobody listening, or a port that closes before TLS, is unreachable", async () => {
  const closer = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(closer, "listening");
  const { port } = closer.address() as AddressInfo;
  await assert.rejects(fetchStatus(toMachineAccess(port), TIMEOUT), isError("unreachable"));
  await new Promise((resolve) => closer.close(resolve));
  await assert.rejects(fetchStatus(toMachineAccess(port), TIMEOUT), isError("unreachable"));
});

test("a machine that does not answer in time is a timeout", async () => {
  const { promise: never, resolve } = Promise.withResolvers<MachineFacts>();
  await using running = await startTestAgent(() => never);
  await assert.rejects(
    fetchStatus(toMachineAccess(running.agent.port), { timeoutMs: 200 }),
    isError("timeout"),
  );
  resolve(await readSealed());
});

test("closing cuts open connections and frees the port", async () => {
  const { agent } = await startTestAgent();
  const idle = connect({
    host: "127.0.0.1",
    port: agent.port,
    ca: access.ca,
    cert: access.client.cert,
    key: access.client.key,
    ALPNProtocols: ["h2"],
  });
  await once(idle, "secureConnect");
  idle.on("error", () => {}); // a reset is as good as an end here
  const ended = once(idle, "close");
  await agent.close();
  await ended;
  await assert.rejects(fetchStatus(toMachineAccess(agent.port), TIMEOUT), isError("unreachable"));
});

test("a port that is taken is an error that names it", async () => {
  await using running = await startTestAgent();
  const { port } = running.agent;
  await assert.rejects(
    startAgent({
      readFacts: readSealed,
      calls: { updates: {} },
      readInventory: (signal) => readInventory(createMemoryMachine(sealedMachine), signal),
      tls: { certificate: access.server.cert, key: access.server.key, clientAuthorities: [access.ca] },
      listen: { host: "127.0.0.1", port },
      log: () => {},
      monotonicUs: () => 0,
    }),
    new RegExp(`Cannot listen on "127.0.0.1:${port}"`),
  );
});
