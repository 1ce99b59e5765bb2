import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

import { Code, ConnectError } from "@connectrpc/connect";

import { callMachine, type MachineAccess } from "#cli/callMachine.ts";
import { callMaintenance } from "#cli/maintenance/callMaintenance.ts";
import { provideConfiguration } from "#cli/maintenance/provideConfiguration.ts";
import { readFingerprint } from "#cli/readFingerprint.ts";

import { followAccess } from "../followAccess.ts";
import { readMachineFacts } from "../machineFacts.ts";
import { createMemoryMachine } from "../memoryMachine.ts";
import { readInventory } from "../readInventory.ts";
import type { CallerAccess } from "../readAccess.ts";
import { sealedMachine } from "../sealedMachine.fixture.ts";
import { startAgent } from "../startAgent.ts";
import {
  admin,
  authority,
  goodDocument,
  identity,
  startWaiting,
  toDocument,
} from "./waitingMachine.fixture.ts";

const LOOK = { purpose: "look", timeoutMs: 5_000 };

type Waiting = Awaited<ReturnType<typeof startWaiting>>;

const show = ({ machine }: Pick<Waiting, "machine">) =>
  callMaintenance(machine, LOOK, (client, options) => client.getMaintenance({}, options));
const provide = ({ machine }: Pick<Waiting, "machine">, document = goodDocument) =>
  provideConfiguration({ ...machine, document });
const toAccess = ({ machine }: Waiting, keys = admin): MachineAccess => ({
  ...machine,
  certPem: keys.cert,
  keyPem: keys.key,
});
const fetchStatus = (access: MachineAccess) =>
  callMachine(access, LOOK, ({ machine }, options) => machine.getStatus({}, options));
const audited = ({ log }: Waiting) => log.filter(({ audit }) => audit === true);

/** As main.ts goes on. */
function serve({ machine, audit, write }: Waiting, access: CallerAccess) {
  return startAgent({
    readFacts: () => readMachineFacts(createMemoryMachine(sealedMachine)),
    readInventory: (signal) => readInventory(createMemoryMachine(sealedMachine), signal),
    calls: { updates: {} },
    tls: { ...identity, ...access },
    listen: machine,
    log: write,
    audit,
    monotonicUs: () => 0,
  });
}

test("a machine that lets nobody in says which it is, to anybody", async () => {
  await using waiting = await startWaiting();
  const { id, version, level, fingerprint, problems } = await show(waiting);
  assert.deepEqual([id, version, level, problems], ["minimal", "1.0.0", "sealed", []]);
  assert.equal(fingerprint, identity.fingerprint);
});

test("the fingerprint is the one that OpenSSL and the handshake show", async () => {
  await using waiting = await startWaiting();
  const { stdout } = spawnSync("openssl", ["x509", "-noout", "-fingerprint", "-sha256"], {
    input: identity.certificate,
    encoding: "utf8",
  });
  const shown = await readFingerprint(waiting.machine, AbortSignal.timeout(5_000));
  assert.equal(shown, identity.fingerprint);
  assert.equal(shown, `sha256:${/=([0-9A-F:]+)/.exec(stdout)?.[1]?.replaceAll(":", "").toLowerCase()}`);
});

test("its configuration ends maintenance mode: the same port then wants a certificate", async () => {
  await using waiting = await startWaiting();
  assert.deepEqual(await provide(waiting), { kind: "applied", generation: 1 });
  const access = await waiting.access;
  assert.ok(access);
  await assert.rejects(show(waiting), { code: "unreachable" }, "both are never served at once");
  await using agent = await serve(waiting, access);
  assert.equal(agent.port, waiting.machine.port);
  assert.equal((await fetchStatus(toAccess(waiting))).image?.id, "minimal");
  await assert.rejects(show(waiting), { code: "not-in-maintenance" });
  await assert.rejects(provide(waiting), { code: "not-in-maintenance" });
});

test("who gave it, and from where, is written down, and the document is not", async () => {
  await using waiting = await startWaiting();
  await provide(waiting, toDocument());
  await provide(waiting);
  const lines = audited(waiting).map(({ message, call, result, caller }) => [message, call, result, caller]);
  const call = "socle.v1.MaintenanceService/ProvideConfiguration";
  const caller = { name: "maintenance", role: "", serial: "", from: "127.0.0.1" };
  assert.deepEqual(lines, [
    ["asked for", call, undefined, caller],
    ["ended", call, "configuration-not-valid", caller],
    ["asked for", call, undefined, caller],
    ["ended", call, "ok", caller],
  ]);
  assert.ok(!JSON.stringify(waiting.log).includes("BEGIN CERTIFICATE"));
});

const refusals: readonly (readonly [what: string, document: string, path: string])[] = [
  ["no document", "", ""],
  ["neither JSON nor YAML", "{]", ""],
  ["one that lets nobody in", toDocument(), "access"],
  ["one without authorities", toDocument({ access: {} }), "access.authorities"],
  ["one with a damaged authority", toDocument({ access: { authorities: ["?"] } }), "access.authorities[0]"],
  ["one with a key that is not known", toDocument({ access: { authorities: [authority.cert] }, x: 1 }), "x"],
];

for (const [what, document, path] of refusals)
  test(`${what} is refused with its path, and the privileged process hears nothing of it`, async () => {
    await using waiting = await startWaiting({ apply: () => assert.fail("it was passed on") });
    const refused = await provide(waiting, document);
    assert.equal(refused.kind, "refused");
    assert.ok("problems" in refused);
    assert.deepEqual(
      refused.problems.map((problem) => problem.path),
      [path],
    );
    assert.ok(await show(waiting), "and it waits on");
  });

test("a document in YAML is taken", async () => {
  await using waiting = await startWaiting({
    apply: () => Promise.resolve({ problems: [{ path: "network" }] }),
  });
  const indented = authority.cert.trim().replaceAll("\n", "\n        ");
  const yaml = `apiVersion: socle/v1\nkind: MachineConfiguration\naccess:\n  authorities:\n    - |\n        ${indented}\n`;
  const refused = await provide(waiting, yaml);
  assert.ok("problems" in refused);
  assert.equal(refused.problems[0]?.path, "network", "what the privileged process finds is passed on");
});

test("what a refused document holds is told to nobody", async () => {
  const document = toDocument({ network: { proxy: { https: "https://bob:sesame@proxy.example/x" } } });
  await using waiting = await startWaiting({ document });
  const { problems } = await show(waiting);
  assert.equal(problems[0]?.path, "network.proxy.https");
  assert.ok(!JSON.stringify(problems).includes("sesame"));
});

test("of two at once one is taken, and the other one is told", async () => {
  const applying = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using waiting = await startWaiting({
    apply: async () => {
      applying.resolve();
      await release.promise;
      return { generation: 7 };
    },
  });
  const first = provide(waiting);
  await applying.promise;
  await assert.rejects(provide(waiting), { code: "maintenance-busy" });
  assert.ok(await show(waiting), "who only looks is answered meanwhile");
  waiting.place(goodDocument); // what is applied is in force before it is known to be good
  release.resolve();
  assert.deepEqual(await first, { kind: "applied", generation: 7 }, "the answer arrives all the same");
  assert.ok(await waiting.access);
});

test("after one that is taken back the machine waits for another one", async () => {
  let tries = 0;
  await using waiting = await startWaiting({
    apply: () => {
      tries += 1;
      if (tries === 1) return Promise.reject(new ConnectError("not well", Code.Aborted));
      return Promise.resolve({ generation: tries });
    },
  });
  await assert.rejects(provide(waiting));
  assert.deepEqual(await provide(waiting), { kind: "applied", generation: 2 });
});

test("a configuration that comes in another way ends maintenance mode too", async () => {
  await using waiting = await startWaiting();
  waiting.place(toDocument());
  await sleep(20);
  assert.ok(await show(waiting), "one that lets nobody in does not");
  waiting.place(goodDocument);
  assert.deepEqual((await waiting.access)?.clientAuthorities.length, 1);
});

test("every other call is told what is the matter, with a certificate as without", async () => {
  await using waiting = await startWaiting();
  for (const keys of [admin, { cert: "", key: "" }])
    await assert.rejects(fetchStatus(toAccess(waiting, keys)), { code: "maintenance-mode" });
  assert.ok(await show(waiting));
  const refused = audited(waiting).map(({ call, reason }) => [call, reason]);
  assert.deepEqual(refused, [
    ["socle.v1.MachineService/GetStatus", "maintenance-mode"],
    ["socle.v1.MachineService/GetStatus", "maintenance-mode"],
  ]);
});

test("what is too large is cut off and written down, and nothing else happens", async () => {
  await using waiting = await startWaiting({ apply: () => assert.fail("it was passed on") });
  await assert.rejects(provide(waiting, `${goodDocument}${" ".repeat(2 * 1024 * 1024)}`));
  assert.ok(await show(waiting));
  assert.equal(audited(waiting)[0]?.reason, "not-a-call");
});

test("TLS 1.2 is refused", async () => {
  await using waiting = await startWaiting();
  const socket = connectTls({ ...waiting.machine, rejectUnauthorized: false, maxVersion: "TLSv1.2" });
  await assert.rejects(once(socket, "secureConnect"), /protocol version/);
});

test("another machine than the one that is meant is sent nothing", async () => {
  await using waiting = await startWaiting();
  const other = { ...waiting.machine, fingerprint: `sha256:${"0".repeat(64)}` };
  await assert.rejects(provide({ machine: other }), { code: "fingerprint-differs" });
  assert.deepEqual(audited(waiting), []);
});

test("who keeps a connection without a call, or sends one drop by drop, is dropped", async () => {
  await using waiting = await startWaiting({ idleMs: 100 });
  const { host, port } = waiting.machine;
  const silent = connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
  const session = connectHttp2(`https://${host}:${port}`, { rejectUnauthorized: false });
  for (const each of [silent, session]) each.on("error", () => {});
  const slow = session.request({
    ":method": "POST",
    ":path": "/socle.v1.MaintenanceService/ProvideConfiguration",
    "content-type": "application/json",
  });
  slow.on("error", () => {});
  const drops = setInterval(() => slow.writable && slow.write("{"), 20);
  await Promise.all([closed(silent), closed(session)]);
  clearInterval(drops);
  assert.ok(await show(waiting));
});

test("a call that takes its time keeps its connection", async () => {
  await using waiting = await startWaiting({
    idleMs: 50,
    apply: async () => {
      await sleep(300);
      return { generation: 1 };
    },
  });
  assert.deepEqual(await provide(waiting), { kind: "applied", generation: 1 });
});

test("more connections than a person needs are not taken, and none stays for long", async () => {
  await using waiting = await startWaiting({ idleMs: 200 });
  const { host, port } = waiting.machine;
  const sockets = Array.from({ length: 100 }, () => connectTls({ host, port, rejectUnauthorized: false }));
  for (const socket of sockets) socket.on("error", () => {});
  await Promise.all(sockets.map((socket) => closed(socket)));
  assert.ok(await show(waiting));
});

test("a certificate that is revoked by the next document is cut off at once, the others stay", async () => {
  const { createRevocationList } = await import("#trust/createRevocationList.ts");
  const { issueClientCertificate } = await import("#trust/certificates.ts");
  const { X509Certificate } = await import("node:crypto");
  const now = new Date();
  const mallory = await issueClientCertificate(authority, { name: "mallory", role: "admin", now, days: 1 });
  const revocations = await createRevocationList(authority, {
    revoked: [{ serial: new X509Certificate(mallory.cert).serialNumber, at: now }],
    number: 1,
    now,
    nextUpdate: now,
  });
  await using waiting = await startWaiting();
  await provide(waiting);
  const access = (await waiting.access) ?? assert.fail("it has its configuration");
  await using agent = await serve(waiting, access);
  const follow = followAccess({
    access,
    readAccess: waiting.readAccess,
    reload: (next) => agent.reloadAccess({ ...identity, ...next }),
    log: waiting.write,
  });
  const open = async ({ cert, key }: typeof admin) => {
    const { host, port } = waiting.machine;
    const socket = connectTls({ host, port, cert, key, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    return socket.resume(); // who does not read does not hear the end
  };
  const [good, bad] = await Promise.all([open(admin), open(mallory)]);
  await fetchStatus(toAccess(waiting, mallory));

  waiting.place(toDocument());
  await follow();
  await fetchStatus(toAccess(waiting, mallory)); // a document that names nobody changes nothing

  const cut = closed(bad);
  waiting.place(toDocument({ access: { authorities: [authority.cert], revocations } }));
  await follow();
  await cut;
  assert.equal(good.destroyed, false);
  await fetchStatus(toAccess(waiting));
  await assert.rejects(fetchStatus(toAccess(waiting, mallory)), { code: "certificate-refused" });

  waiting.place("{");
  await follow();
  await fetchStatus(toAccess(waiting)); // nor does one that is refused
  good.destroy();
});

/** With an error or without: `once` would reject at the first. */
async function closed(connection: { once(event: "close", listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => connection.once("close", resolve));
}
