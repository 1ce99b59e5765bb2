import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createDevelopmentAccess } from "#trust/certificates.ts";
import { SerialConsole } from "#vm/serialConsole.ts";

import { waitUntilHealthy } from "./runMachine.ts";

test("a machine that ends before it is healthy is not asked any more", async (t) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const { ca, client } = await createDevelopmentAccess({ name: "machine", now: new Date(), days: 1 });
  const access = { host: "127.0.0.1", port, caPem: ca, certPem: client.cert, keyPem: client.key };
  const machine = {
    console: new SerialConsole(() => {}),
    during: async <T>(_what: string, _timeoutMs: number, work: Promise<T>): Promise<T> =>
      Promise.race([work, sleep(1000).then(() => Promise.reject(new Error("QEMU ended")))]),
  };
  const context = { report: () => {}, signal: new AbortController().signal };
  await assert.rejects(waitUntilHealthy({ machine, access, acceleration: "kvm" }, context), /QEMU ended/);
  assert.ok(connections > 0);
  const before = connections;
  await sleep(800);
  assert.equal(connections, before);
});
