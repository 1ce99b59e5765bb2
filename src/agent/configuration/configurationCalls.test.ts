import assert from "node:assert/strict";
import { test } from "node:test";

import { createClient, createRouterTransport, type Client } from "@connectrpc/connect";

import { ConfigurationService } from "#protocol/gen/socle/v1/configuration_pb.ts";

import { CALLER_HEADER } from "../passCalls.ts";
import { createConfigurationCalls } from "./configurationCalls.ts";
import { MemoryConfigurationMachine, toDocument } from "./memoryConfigurationMachine.fixture.ts";

const CONTRACT = { units: [], mayFail: [], probes: [], freeSpace: [], soakMs: 0, timeoutMs: 0 };
const PROXY = { network: { proxy: { http: "http://user:s3cret@proxy.example.org:3128" } } };

async function openMachine() {
  const machine = new MemoryConfigurationMachine();
  const calls = createConfigurationCalls({
    machine,
    judge: { look: async () => ({ contract: CONTRACT, faults: [] }), findFaults: async () => [] },
    clock: () => new Date("2026-03-01T12:00:00Z"),
    log: () => {},
  });
  await calls.start?.(() => () => {}, new AbortController().signal);
  const client = createClient(ConfigurationService, createRouterTransport(calls.register));
  return { machine, client };
}

type Asked = Parameters<Client<typeof ConfigurationService>["applyConfiguration"]>[0];

async function apply(client: Client<typeof ConfigurationService>, request: Asked) {
  const headers = { [CALLER_HEADER]: encodeURIComponent("Zoë") };
  const steps = [];
  for await (const step of client.applyConfiguration(request, { headers })) steps.push(step);
  return steps;
}

test("a machine says what it is configured with, without secrets", async () => {
  const { machine, client } = await openMachine();
  assert.equal((await client.getConfiguration({})).source, "none");
  machine.credential = toDocument("c", PROXY);
  const { document, source, generation, problems } = await client.getConfiguration({});
  assert.deepEqual([source, generation, problems], ["credential", 0, []]);
  assert.deepEqual(JSON.parse(document), JSON.parse(toDocument("c", PROXY).replace("s3cret", "…")));
});

test("a refused document is told with its problems, and no secret of it", async () => {
  const { machine, client } = await openMachine();
  machine.credential = toDocument("c", { network: { proxy: { http: "http://user:s3cret@proxy/path" } } });
  const answer = await client.getConfiguration({});
  assert.equal(answer.problems[0]?.path, "network.proxy.http");
  assert.doesNotMatch(JSON.stringify(answer.problems.map(({ found, hint }) => [found, hint])), /s3cret/);
  assert.doesNotMatch(answer.document, /s3cret/);
});

test("what a document would change is told without changing anything", async () => {
  const { machine, client } = await openMachine();
  const { keys, files, units, needsReboot, problems } = await client.planConfiguration({
    document: toDocument("b", PROXY),
  });
  assert.deepEqual([problems, needsReboot], [[], true]);
  assert.deepEqual(
    files.map(({ path, change }) => `${change} ${path}`),
    ["added /etc/hostname", "added /etc/systemd/system.conf.d/50-socle.conf"],
  );
  assert.deepEqual(units, ["systemd-hostnamed.service"]);
  assert.doesNotMatch(JSON.stringify(keys.map(({ from, to }) => [from, to])), /s3cret/);
  machine.credential = toDocument("b", PROXY);
  const other = JSON.parse(toDocument("b", PROXY).replace("s3cret", "0ther")) as object;
  const { keys: secrets } = await client.planConfiguration({ document: JSON.stringify(other) });
  assert.deepEqual(
    secrets.map(({ to }) => JSON.parse(to) as unknown),
    ["http://user:…@proxy.example.org:3128 (another secret)"],
  );
  const refused = await client.planConfiguration({ document: "a: [" });
  assert.deepEqual(
    refused.problems.map(({ path, found, wanted }) => [path, found, wanted]),
    [["", "the document is not usable", "JSON or YAML"]],
  );
  assert.deepEqual(machine.changes, []);
});

test("generations are listed, the newest first, and shown without secrets", async () => {
  const { client } = await openMachine();
  await apply(client, { document: toDocument("a", PROXY), reason: "first" });
  const steps = await apply(client, { document: toDocument("b"), reason: "second", trialSeconds: 60 });
  assert.deepEqual(
    steps.map(({ state }) => state),
    ["validated", "written", "applied", "healthy", "done"],
  );
  const inForce = await client.getConfiguration({});
  assert.deepEqual(
    [inForce.source, inForce.generation, inForce.trialUntil?.seconds],
    ["generation", 2, BigInt(Date.parse("2026-03-01T12:01:00Z") / 1000)],
  );
  const list = async () =>
    (await client.listGenerations({})).generations.map(({ number, state }) => `${number} ${state}`);
  assert.deepEqual(await list(), ["2 trial", "1 current"]);
  await client.confirmConfiguration({ generation: 2 });
  assert.deepEqual(await list(), ["2 current", "1 previous"]);
  const { generation, document } = await client.getGeneration({ number: 1 });
  assert.deepEqual(
    [generation?.who, generation?.reason, generation?.healthyOn, generation?.digest.length],
    ["Zoë", "first", ["1.0"], 64],
  );
  assert.match(document, /user:…@proxy/);
  const back = await apply(client, { generation: 1 });
  assert.deepEqual([back.at(-1)?.state, back.at(-1)?.generation], ["done", 3]);
});

test("what cannot be is refused by name", async () => {
  const { client } = await openMachine();
  const refused = await apply(client, { document: toDocument("-") });
  assert.deepEqual(
    refused.map(({ state, problems }) => [state, problems[0]?.path]),
    [["refused", "hostname"]],
  );
  await assert.rejects(
    apply(client, { document: toDocument("a"), trialSeconds: 86_401 }),
    /invalid_argument/,
  );
  await assert.rejects(apply(client, { generation: 4 }), /not_found.*no generation 4/);
  await assert.rejects(client.getGeneration({ number: 4 }), /not_found/);
  await assert.rejects(client.confirmConfiguration({ generation: 4 }), /failed_precondition/);
});
