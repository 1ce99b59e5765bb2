import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { askProbe } from "./askProbe.ts";
import { createMemoryHealthMachine } from "./memoryHealthMachine.ts";

const server = createServer((request, response) => {
  if (request.url === "/silent") return;
  response.statusCode = request.url === "/ok" ? 200 : 503;
  response.end("not yet\nsecond line");
}).listen(0, "127.0.0.1");
await once(server, "listening");
after(() => {
  server.closeAllConnections();
  server.close();
});
const { port } = server.address() as AddressInfo; // it listens on a port
const { machine } = createMemoryHealthMachine({});

/** With time enough for a busy host, where it is not the time that is looked at. */
const http = (path: string, status = 200, timeoutMs = 30_000) =>
  askProbe(machine, {
    name: "page",
    timeoutMs,
    kind: "http",
    url: `http://127.0.0.1:${port}${path}`,
    status,
  });

test("an http probe is well when it gets the status that it wants", async () => {
  assert.deepEqual(await http("/ok"), { name: "page", isWell: true, says: "answers 200" });
  assert.deepEqual(await http("/other", 503), { name: "page", isWell: true, says: "answers 503" });
  const refused = await http("/other");
  assert.deepEqual(refused, { name: "page", isWell: false, says: "answers 503, wanted 200: not yet" });
});

test("an answer that does not come is a fault when the probe's time is over", async () => {
  assert.deepEqual(await http("/silent", 200, 200), {
    name: "page",
    isWell: false,
    says: "no answer within 200 ms",
  });
});

test("a tcp probe is well when somebody listens", async () => {
  const tcp = (at: number) =>
    askProbe(machine, { name: "port", timeoutMs: 1000, kind: "tcp", host: "127.0.0.1", port: at });
  assert.deepEqual(await tcp(port), { name: "port", isWell: true, says: "takes connections" });
  const refused = await tcp(1);
  assert.equal(refused.isWell, false);
  assert.match(refused.says, /ECONNREFUSED/);
});

test("a command runs as nobody, without network and without a writable file system, for its time only", async () => {
  const asked: (readonly string[])[] = [];
  const { machine } = createMemoryHealthMachine({
    answer: (argv) => {
      asked.push(argv);
      return { exitStatus: 3, output: "no such database" };
    },
  });
  const command = ["/usr/bin/pg_isready", "-q"] as const;
  const answer = await askProbe(machine, { name: "db", timeoutMs: 1500, kind: "command", command });
  assert.deepEqual(answer, { name: "db", isWell: false, says: "exits with 3: no such database" });
  const [argv = []] = asked;
  assert.deepEqual(argv.slice(argv.indexOf("--") + 1), command);
  for (const property of [
    "DynamicUser=yes",
    "ProtectSystem=strict",
    "PrivateNetwork=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "RuntimeMaxSec=1500ms",
  ])
    assert.ok(argv.includes(`--property=${property}`), property);
});

test("a function runs under Node without JIT compiler, with the network", async () => {
  let asked: readonly string[] = [];
  const { machine } = createMemoryHealthMachine({
    answer: (argv) => {
      asked = argv;
      return { exitStatus: 0, output: "42 rows" };
    },
  });
  const module = "/usr/lib/socle/probes/rows.mjs";
  const answer = await askProbe(machine, { name: "rows", timeoutMs: 2000, kind: "function", module });
  assert.deepEqual(answer, { name: "rows", isWell: true, says: "42 rows" });
  assert.ok(asked.includes("--jitless"));
  assert.deepEqual(asked.slice(-2), [module, "2000"]);
  assert.ok(!asked.some((word) => word.includes("PrivateNetwork")));
});
