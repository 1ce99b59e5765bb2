/** The commands against the real configurator behind the real agent; only the machine's files and units are in memory. */
import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { connectNodeAdapter } from "@connectrpc/connect-node";

import { createConfigurationCalls } from "#agent/configuration/configurationCalls.ts";
import {
  MemoryConfigurationMachine,
  toDocument,
} from "#agent/configuration/memoryConfigurationMachine.fixture.ts";
import { createLog } from "#agent/log.ts";
import { passCalls } from "#agent/passCalls.ts";
import { startAgent } from "#agent/startAgent.ts";
import { ConfigurationService } from "#protocol/gen/socle/v1/configuration_pb.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";

import { EXIT_CODE } from "../exitCode.ts";
import { createMemoryContext } from "../update/playedMachine.fixture.ts";
import type { NamedMachine } from "../update/updateMachine.ts";
import { showView } from "../view/showView.ts";
import { applyConfiguration, rollBackConfiguration } from "./applyConfiguration.ts";
import { compareGenerations } from "./compareGenerations.ts";
import { historyView } from "./configurationHistory.ts";
import { createPlanView } from "./configurationPlan.ts";
import { confirmConfiguration } from "./confirmConfiguration.ts";
import { createConfigurationView } from "./showConfiguration.ts";

const access = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });
const CONTRACT = { units: [], mayFail: [], probes: [], freeSpace: [], soakMs: 0, timeoutMs: 0 };

async function startMachine() {
  const folder = await mkdtempDisposable(join(tmpdir(), "socle-configurator-"));
  const memory = new MemoryConfigurationMachine();
  const faults: string[] = [];
  const calls = createConfigurationCalls({
    machine: memory,
    judge: {
      look: () => Promise.resolve({ contract: CONTRACT, faults: [] }),
      findFaults: () => Promise.resolve(faults),
    },
    clock: () => new Date(),
    log: () => {},
  });
  const stopping = new AbortController();
  await calls.start?.(() => () => {}, stopping.signal);
  const privileged = createServer(connectNodeAdapter({ routes: calls.register }));
  const socketPath = join(folder.path, "updater.sock");
  await new Promise<void>((resolve) => privileged.listen(socketPath, resolve));
  const agent = await startAgent({
    readFacts: () => assert.fail(),
    readInventory: () => assert.fail(),
    calls: { updates: {}, configuration: passCalls(ConfigurationService, socketPath) },
    tls: { certificate: access.server.cert, key: access.server.key, clientAuthorities: [access.ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog(() => {}, Date.now),
    monotonicUs: () => 0,
  });
  const { cert, key } = access.client;
  const place = { host: "127.0.0.1", port: agent.port, caPem: access.ca };
  const named: NamedMachine = { name: "edge-01", ...place, certPem: cert, keyPem: key };
  return {
    memory,
    faults,
    named,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await agent.close();
      privileged.closeAllConnections();
      await new Promise((resolve) => privileged.close(resolve));
      await folder.remove();
    },
  };
}

test("a machine is configured, tried, confirmed, refused, reverted, compared and taken back", async () => {
  await using machine = await startMachine();
  const { memory, named, faults } = machine;
  const { context, said } = createMemoryContext();
  const take = () => {
    const text = said.stdout;
    said.stdout = "";
    return text;
  };
  const apply = (document: string, trialMs = 0) =>
    applyConfiguration(named, { document }, { try: trialMs, reason: "test" }, context);

  assert.equal(await apply(toDocument("a")), EXIT_CODE.ok);
  assert.equal(memory.followed, "a");
  assert.equal(await apply(toDocument("a_b")), EXIT_CODE.failed);
  assert.match(take(), /follows generation 1\n[^]*refuses the document[^]*hostname is "a_b"\n {4}wanted /);

  const plan = createPlanView({ document: toDocument("b") });
  assert.equal(await showView({ machine: named }, plan, {}, context), EXIT_CODE.ok);
  assert.match(take(), /~ hostname {2}"a" → "b"[^]*~ \/etc\/hostname/);

  assert.equal(await apply(toDocument("b"), 60_000), EXIT_CODE.ok);
  await showView({ machine: named }, createConfigurationView(undefined), {}, context);
  assert.match(take(), /generation 2 on trial[^]*# edge-01: generation 2, on trial[^]*hostname: b\n/);
  assert.equal(await confirmConfiguration(named, undefined, context), EXIT_CODE.ok);

  assert.equal(await apply(toDocument("c"), 60_000), EXIT_CODE.ok);
  assert.equal(await rollBackConfiguration(named, undefined, {}, context), EXIT_CODE.ok);
  assert.equal(memory.followed, "b");
  assert.match(take(), /follows what it followed before; generation 3 is taken back\n$/);

  faults.push("unit nginx.service: it failed");
  assert.equal(await apply(toDocument("d")), EXIT_CODE.rolledBack);
  assert.match(take(), /went back by itself[^]*nginx\.service: it failed/);
  faults.length = 0;

  assert.equal(await compareGenerations(named, 1, undefined, context), EXIT_CODE.differs);
  assert.equal(take(), '~ hostname  "a" → "b"\n');
  assert.equal(await rollBackConfiguration(named, 1, {}, context), EXIT_CODE.ok);
  assert.equal(memory.followed, "a");
  take();
  await showView({ machine: named }, historyView, {}, context);
  assert.deepEqual(
    take()
      .match(/\d+ {2}\S+ (current|previous|reverted)/g)
      ?.map((row) => row.replace(/ +\S+ /, " ")),
    ["5 current", "4 reverted", "3 reverted", "2 previous", "1 previous"],
  );
});
