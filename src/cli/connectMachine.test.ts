import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { test } from "node:test";

import { startAgent } from "#agent/startAgent.ts";
import { createDevelopmentAccess, type KeyedCertificate } from "#trust/certificates.ts";
import { parseFingerprint, toFingerprint } from "#trust/fingerprint.ts";

import type { MachineAccess } from "./callMachine.ts";
import { fetchUpdateState } from "./update/updateMachine.ts";
import { MachineIdentityError, warnOfExpiry } from "./connectMachine.ts";
import { readFingerprint } from "./readFingerprint.ts";

const now = new Date();
const access = await createDevelopmentAccess({ name: "m", now, days: 1 });
const stranger = await createDevelopmentAccess({ name: "m", now, days: 1 });
const past = await createDevelopmentAccess({ name: "m", now: new Date("2020-01-01"), days: 1 });

async function startTestAgent(own: KeyedCertificate) {
  const agent = await startAgent({
    readFacts: () => assert.fail(),
    readInventory: () => assert.fail(),
    calls: { updates: { getUpdateState: () => ({ runningVersion: "1.0" }) } },
    tls: { certificate: own.cert, key: own.key, clientAuthorities: [access.ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log: () => undefined,
    monotonicUs: () => 0,
  });
  return { port: agent.port, [Symbol.asyncDispose]: () => agent.close() };
}

const toAccess = (port: number, fingerprint: string): MachineAccess => ({
  host: "127.0.0.1",
  port,
  certPem: access.client.cert,
  keyPem: access.client.key,
  fingerprint,
});

test("a machine is known by its fingerprint, whoever signed its certificate and whatever its dates say", async () => {
  for (const own of [access.server, stranger.server, past.server]) {
    await using machine = await startTestAgent(own);
    const fingerprint = await readFingerprint(
      { host: "127.0.0.1", port: machine.port },
      AbortSignal.timeout(5_000),
    );
    assert.equal(fingerprint, toFingerprint(own.cert));
    assert.equal((await fetchUpdateState(toAccess(machine.port, fingerprint))).runningVersion, "1.0");
  }
});

test("another fingerprint ends the call before a byte of it is sent, and both are shown", async () => {
  const impostor = createServer(
    {
      cert: stranger.server.cert,
      key: stranger.server.key,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
    },
    (socket) => {
      socket.on("error", () => {});
      socket.on("data", (bytes) => heard.push(bytes));
    },
  );
  const heard: Buffer[] = [];
  impostor.listen(0, "127.0.0.1");
  await once(impostor, "listening");
  const known = toFingerprint(access.server.cert);
  const { port } = impostor.address() as AddressInfo;
  await assert.rejects(fetchUpdateState(toAccess(port, known)), (error) => {
    assert.ok(error instanceof MachineIdentityError);
    assert.equal(error.code, "fingerprint-differs");
    assert.ok(error.message.includes(known) && error.message.includes(toFingerprint(stranger.server.cert)));
    return true;
  });
  await new Promise((resolve) => impostor.close(resolve)); // every connection has ended
  assert.equal(Buffer.concat(heard).length, 0);
});

test("a fingerprint is read as consoles, browsers and openssl write it, and nothing else is one", () => {
  const hex = toFingerprint(access.server.cert).slice("sha256:".length);
  const colons = hex.toUpperCase().replaceAll(/(..)(?=.)/g, "$1:");
  for (const text of [hex, `sha256:${hex}`, colons, `SHA256:${colons}`, `sha256 Fingerprint=${colons}\n`])
    assert.equal(parseFingerprint(text), `sha256:${hex}`);
  for (const text of ["", "sha256:", hex.slice(1), `${hex}0`, `md5:${hex}`, hex.replace(/^./, "g")])
    assert.throws(() => parseFingerprint(text), { code: "fingerprint-malformed" });
});

test("a certificate that ends within three days is warned of", () => {
  const end = now.getTime() + 86_400_000;
  const at = (hoursLeft: number) =>
    warnOfExpiry(access.client.cert, new Date(end - hoursLeft * 3_600_000 - 1_000));
  assert.equal(at(73), undefined);
  assert.match(at(71) ?? "", /ends in 2 days: socle access renew/);
  assert.match(at(5) ?? "", /ends in 5 h/);
  assert.equal(at(-1), undefined);
});
