import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { test } from "node:test";

import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createConnectRouter, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

import { ErrorDetailSchema, MachineService } from "#protocol/gen/socle/v1/machine_pb.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";
import { findRole, mayCall, ROLES, toMethodName } from "#protocol/methodRoles.ts";
import {
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
  type KeyedCertificate,
} from "#trust/certificates.ts";
import { createRevocationList } from "#trust/createRevocationList.ts";
import { toSerialNumber } from "#trust/serialNumber.ts";

import { createRoutes, type AgentCalls } from "./routes.ts";
import { startAgent, type AgentOptions } from "./startAgent.ts";

const now = new Date();
const authority = await createCertificateAuthority("fleet", { now, days: 1 });
const server = await issueServerCertificate(authority, { name: "m", hosts: ["127.0.0.1"], now, days: 1 });
const issue = (role: string, by = authority) =>
  issueClientCertificate(by, { name: `a ${role}`, role, now, days: 1 });
const people = {
  reader: await issue("reader"),
  operator: await issue("operator"),
  admin: await issue("admin"),
};
const stranger = await issue("superuser");

interface AuditLine {
  readonly sequence: number;
  readonly message: string;
  readonly caller: { name: string; role: string; serial: string } | null;
  readonly call?: string;
  readonly request?: Record<string, unknown>;
  readonly asked?: number;
  readonly result?: string;
  readonly reason?: string;
}

async function startTestAgent(updates: AgentCalls["updates"] = {}, change: Partial<AgentOptions> = {}) {
  const lines: AuditLine[] = [];
  const tls = { certificate: server.cert, key: server.key, clientAuthorities: [authority.cert] };
  const agent = await startAgent({
    readFacts: () => Promise.reject(new Error("reached")),
    readInventory: () => assert.fail("reached"),
    calls: { updates },
    tls,
    listen: { host: "127.0.0.1", port: 0 },
    log: (_level, message, fields) => {
      if (fields?.["audit"] === true) lines.push({ message, ...fields } as unknown as AuditLine);
    },
    monotonicUs: () => 0,
    ...change,
  });
  return { agent, lines, tls, [Symbol.asyncDispose]: () => agent.close() };
}

function toTransport(port: number, { cert, key }: KeyedCertificate) {
  const nodeOptions = { ca: authority.cert, cert, key };
  return createConnectTransport({ httpVersion: "2", baseUrl: `https://127.0.0.1:${port}`, nodeOptions });
}

async function* stream<Part>(...parts: readonly Part[]): AsyncGenerator<Part> {
  yield* parts;
}

/** The error of a call of any method with an empty request. */
async function callEmpty(transport: Transport, method: DescMethod): Promise<ConnectError | undefined> {
  try {
    const signal = AbortSignal.timeout(5_000);
    if (method.methodKind === "unary")
      await transport.unary(method as never, signal, undefined, undefined, {});
    else {
      const answer = await transport.stream(
        method as never,
        signal,
        undefined,
        undefined,
        stream({}) as never,
      );
      for await (const part of answer.message) void part;
    }
    return undefined;
  } catch (error) {
    return ConnectError.from(error);
  }
}

const isRefusedByRole = (error: ConnectError | undefined) =>
  error?.code === Code.PermissionDenied &&
  error.findDetails(ErrorDetailSchema)[0]?.code === "role-insufficient";

/** What a call brings when it is let through: not that it may not. */
const reached = Object.fromEntries(
  UpdateService.methods.map(({ localName, methodKind }) => {
    const fail = () => new ConnectError("reached", Code.Aborted);
    return [
      localName,
      methodKind === "unary"
        ? () => Promise.reject(fail())
        : async function* () {
            yield* await Promise.reject<never[]>(fail());
          },
    ];
  }),
) as AgentCalls["updates"];

test("each method is refused below its role and let through at it, and nobody else gets anywhere", async () => {
  await using running = await startTestAgent(reached);
  const router = createConnectRouter();
  createRoutes({ getStatus: () => assert.fail(), getInventory: () => assert.fail(), updates: {} })(router);
  const methods = router.handlers.map(({ method }) => method);
  assert.ok(methods.length >= MachineService.methods.length + UpdateService.methods.length);
  const transports = Object.fromEntries(
    ROLES.map((role) => [role, toTransport(running.agent.port, people[role])]),
  );
  const ofStranger = toTransport(running.agent.port, stranger);
  for (const method of methods) {
    for (const role of ROLES) {
      const refused = isRefusedByRole(await callEmpty(transports[role]!, method));
      assert.equal(
        refused,
        !mayCall(role, method),
        `${toMethodName(method)} as ${role}, needs ${findRole(method)}`,
      );
    }
    assert.ok(isRefusedByRole(await callEmpty(ofStranger, method)), toMethodName(method));
  }
});

test("who lacks a role is told which one is needed and which one the certificate has", async () => {
  await using running = await startTestAgent(reached);
  const hint = async (person: KeyedCertificate) =>
    (await callEmpty(toTransport(running.agent.port, person), UpdateService.method.applyUpdate))?.findDetails(
      ErrorDetailSchema,
    )[0]?.hint;
  assert.equal(await hint(people.reader), "This needs the role operator; your certificate says reader.");
  assert.match((await hint(stranger)) ?? "", /"superuser" is not reader, operator, admin/);
});

test("what changes the machine is written down before and after, in order; what was refused too; what only looks is not", async () => {
  const done: string[] = [];
  await using running = await startTestAgent({
    getUpdateState: () => ({}),
    setHold: ({ reason }) => {
      assert.equal(running.lines.at(-1)?.message, "asked for", "written down before it is done");
      done.push(reason);
      if (reason === "bad") throw new ConnectError("no", Code.FailedPrecondition);
      return {};
    },
    applyUpdate: async function* () {
      yield {};
      yield { event: { operationId: "7" } };
    },
  });
  const client = (person: KeyedCertificate) =>
    createClient(UpdateService, toTransport(running.agent.port, person));
  const url = "https://me:hunter2@updates.example/os?token=sesame";
  await client(people.reader).getUpdateState({});
  await client(people.operator).setHold({ reason: "measuring" });
  await assert.rejects(client(people.admin).setHold({ reason: "bad" }));
  await assert.rejects(client(people.reader).setHold({ reason: "mine" }));
  for await (const event of client(people.operator).applyUpdate({ target: { repositoryUrl: url } }))
    void event;
  assert.deepEqual(done, ["measuring", "bad"]);

  const { lines } = running;
  assert.deepEqual(
    lines.map(({ sequence, message, caller, call, asked, result, reason }) =>
      [sequence, message, caller?.role, call?.split("/")[1], asked, result ?? reason].join(" "),
    ),
    [
      "1 asked for operator SetHold  ",
      "2 ended operator SetHold 1 ok",
      "3 asked for admin SetHold  ",
      "4 ended admin SetHold 3 failedprecondition",
      "5 refused reader SetHold  role-insufficient",
      "6 asked for operator ApplyUpdate  ",
      "7 ended operator ApplyUpdate 6 ok",
    ],
  );
  const { serialNumber } = new X509Certificate(people.operator.cert);
  assert.deepEqual(lines[0]?.caller, {
    name: "a operator",
    role: "operator",
    serial: toSerialNumber(serialNumber),
  });
  assert.equal(lines[0]?.request?.["reason"], "measuring");
  assert.deepEqual(lines[5]?.request, { target: { repositoryUrl: "https://updates.example/os?…" } });
  assert.deepEqual((lines[6] as unknown as { last: unknown }).last, { event: { operationId: "7" } });
});

test("a caller that goes away in the middle is written down, and nothing is missing after it", async () => {
  await using running = await startTestAgent({
    applyUpdate: async function* (_request, { signal }) {
      yield {};
      await once(signal, "abort");
    },
  });
  const leaving = new AbortController();
  const client = createClient(UpdateService, toTransport(running.agent.port, people.operator));
  await assert.rejects(async () => {
    for await (const event of client.applyUpdate({}, { signal: leaving.signal })) {
      void event;
      leaving.abort();
    }
  });
  while (running.lines.length < 2) await sleep(2);
  assert.deepEqual(
    running.lines.map(({ sequence, message, result }) => `${sequence} ${message} ${result}`),
    ["1 asked for undefined", "2 ended caller-gone"],
  );
});

test("what is no call, malformed or too large is refused and written down, whoever sends it", async () => {
  await using running = await startTestAgent();
  const { cert, key } = people.admin;
  const session = connectHttp2(`https://127.0.0.1:${running.agent.port}`, { ca: authority.cert, cert, key });
  const send = async (path: string, body: string | Buffer) => {
    const call = session.request({ ":method": "POST", ":path": path, "content-type": "application/json" });
    call.on("error", () => {});
    call.end(body);
    call.resume();
    const [headers] = (await once(call, "response")) as [Record<string, unknown>];
    if (!call.closed) await once(call, "close");
    return headers[":status"];
  };
  const apply = "/socle.v1.UpdateService/SetHold";
  assert.equal(await send("/socle.v1.UpdateService/Format", "{}"), 404);
  assert.equal(await send("/etc/passwd", "{}"), 404);
  assert.equal(await send(apply, "{nonsense"), 400);
  session.destroy();
  const client = createClient(UpdateService, toTransport(running.agent.port, people.admin));
  await assert.rejects(client.setHold({ reason: "x".repeat(2 << 20) }), ConnectError);
  while (running.lines.length < 4) await sleep(2);
  assert.deepEqual(
    running.lines.map(({ message, reason, caller }) => `${message} ${reason} ${caller?.role}`),
    Array.from({ length: 4 }, () => "refused not-a-call admin"),
  );
});

test("a revocation ends open connections of that certificate, others stay, and nothing of the past lets it in again", async () => {
  await using running = await startTestAgent({ getUpdateState: () => ({}) });
  const { port } = running.agent;
  const open = (person: KeyedCertificate) => createClient(UpdateService, toTransport(port, person));
  const [revoked, other] = [open(people.operator), open(people.reader)];
  await Promise.all([revoked.getUpdateState({}), other.getUpdateState({})]);
  const session = await findSession(port, people.operator);

  const { serialNumber } = new X509Certificate(people.operator.cert);
  const revocations = await createRevocationList(authority, {
    revoked: [{ serial: serialNumber, at: now }],
    number: 1,
    now,
    nextUpdate: now,
  });
  await running.agent.reloadAccess({ ...running.tls, revocations });
  await other.getUpdateState({});
  await assert.rejects(revoked.getUpdateState({}));
  await assert.rejects(open(people.operator).getUpdateState({}));
  if (session !== undefined) assert.equal(await isAnswered(port, people.operator, session), false);
  assert.ok(running.lines.some(({ reason, caller }) => reason === "revoked" && caller?.role === "operator"));
  assert.ok(await isAnswered(port, people.reader));
  assert.equal(await isAnswered(port, people.operator), false);
});

test("authorities can be changed while the agent runs, and what cannot be used changes nothing", async () => {
  await using running = await startTestAgent({ getUpdateState: () => ({}) });
  const { agent, tls } = running;
  const next = await createCertificateAuthority("next", { now, days: 1 });
  const newcomer = await issue("admin", next);
  const isIn = (person: KeyedCertificate) => isAnswered(agent.port, person);
  assert.equal(await isIn(newcomer), false);
  await agent.reloadAccess({ ...tls, clientAuthorities: [authority.cert, next.cert] });
  assert.deepEqual([await isIn(people.admin), await isIn(newcomer)], [true, true]);
  await assert.rejects(agent.reloadAccess({ ...tls, clientAuthorities: [] }), {
    code: "authorities-malformed",
  });
  await assert.rejects(agent.reloadAccess({ ...tls, revocations: "x" }), { code: "revocations-malformed" });
  await assert.rejects(agent.reloadAccess({ ...tls, key: people.admin.key }), {
    code: "certificate-unusable",
  });
  assert.deepEqual([await isIn(people.admin), await isIn(newcomer)], [true, true]);
  const open = createClient(UpdateService, toTransport(agent.port, people.admin));
  await open.getUpdateState({});
  await agent.reloadAccess({ ...tls, clientAuthorities: [next.cert] });
  await assert.rejects(open.getUpdateState({}));
  assert.deepEqual([await isIn(people.admin), await isIn(newcomer)], [false, true]);
});

/** What a later connection could be resumed with; undefined when the agent gives nothing. */
async function findSession(port: number, { cert, key }: KeyedCertificate): Promise<Buffer | undefined> {
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    ca: authority.cert,
    cert,
    key,
    ALPNProtocols: ["h2"],
  });
  let session: Buffer | undefined;
  socket.on("session", (given: Buffer) => (session = given));
  await once(socket, "secureConnect");
  await sleep(50);
  socket.destroy();
  return session;
}

async function isAnswered(port: number, { cert, key }: KeyedCertificate, session?: Buffer): Promise<boolean> {
  const connection = connectHttp2(`https://127.0.0.1:${port}`, {
    createConnection: () =>
      connectTls({
        host: "127.0.0.1",
        port,
        ca: authority.cert,
        cert,
        key,
        ALPNProtocols: ["h2"],
        ...(session === undefined ? {} : { session }),
      }),
  });
  try {
    const failed = once(connection, "close").then(() => false);
    connection.on("error", () => {});
    const call = connection.request({
      ":method": "POST",
      ":path": "/socle.v1.UpdateService/GetUpdateState",
      "content-type": "application/json",
    });
    call.on("error", () => {});
    call.end("{}");
    const answered = once(call, "response").then(
      ([headers]) => (headers as Record<string, unknown>)[":status"] === 200,
      () => false,
    );
    return await Promise.race([answered, failed]);
  } finally {
    connection.destroy();
  }
}
