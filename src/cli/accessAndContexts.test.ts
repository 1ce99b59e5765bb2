import assert from "node:assert/strict";
import { mkdtempDisposable, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { startAgent } from "#agent/startAgent.ts";
import { readMachineTrust } from "#system/accessFolder.ts";
import { contextsFile, readContexts } from "#system/contextFile.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";
import { toFingerprint } from "#trust/fingerprint.ts";

import { accessInit, accessRotate } from "./commands/accessAuthority.ts";
import { accessGrant, accessRenew, accessRevoke } from "./commands/accessGrant.ts";
import { accessList, accessShow } from "./commands/accessList.ts";
import { contextAdd } from "./commands/contextAdd.ts";
import { contextList, contextRemove, contextShow, contextUse } from "./commands/contextList.ts";
import { findMachineAccess } from "./findMachineAccess.ts";
import { createMemoryContext } from "./update/playedMachine.fixture.ts";
import { fetchUpdateState } from "./update/updateMachine.ts";

const MONTH_MS = 30 * 86_400_000;
const machineKeys = (await createDevelopmentAccess({ name: "m", now: new Date(), days: 1 })).server;

/** A person's home, with an authority in it, for as long as the test runs. */
async function makeHome() {
  const base = await mkdtempDisposable(join(tmpdir(), "socle-home-"));
  const before = { XDG_CONFIG_HOME: process.env["XDG_CONFIG_HOME"], SOCLE_HOME: process.env["SOCLE_HOME"] };
  Object.assign(process.env, { XDG_CONFIG_HOME: base.path, SOCLE_HOME: join(base.path, "workspace") });
  const said: string[] = [];
  const run = async <Result>(work: (context: Context) => Promise<Result>) => {
    const memory = createMemoryContext();
    const result = await work({ ...memory.context, projectRoot: "" });
    said.push(memory.said.stdout + memory.said.stderr);
    return { result, stdout: memory.said.stdout };
  };
  await run((context) => accessInit({ name: "Test" }, context));
  return {
    path: base.path,
    access: join(base.path, "socle", "access"),
    bundle: (name: string) => join(base.path, `${name}.json`),
    run,
    /** All that was ever shown. */
    said: () => said.join("\n"),
    async [Symbol.asyncDispose]() {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      await base.remove();
    },
  };
}

type Context = Parameters<typeof accessList>[1];
type Home = Awaited<ReturnType<typeof makeHome>>;

const grant = (
  home: Home,
  name: string,
  role: "reader" | "operator" | "admin",
  context: readonly string[] = [],
) =>
  home.run((surroundings) =>
    accessGrant({ name }, { role, for: MONTH_MS, out: home.bundle(name), context }, surroundings),
  );

async function startMachine(home: Home) {
  const { authorities, revocations } = await readMachineTrust(home.access);
  const tls = {
    certificate: machineKeys.cert,
    key: machineKeys.key,
    clientAuthorities: authorities,
    revocations,
  };
  const agent = await startAgent({
    readFacts: () => assert.fail(),
    readInventory: () => assert.fail(),
    calls: { updates: { getUpdateState: () => ({ runningVersion: "1.0" }) } },
    tls,
    listen: { host: "127.0.0.1", port: 0 },
    log: () => undefined,
    monotonicUs: () => 0,
  });
  const reload = async () => {
    const trust = await readMachineTrust(home.access);
    await agent.reloadAccess({
      ...tls,
      clientAuthorities: trust.authorities,
      revocations: trust.revocations,
    });
  };
  return { agent, reload, [Symbol.asyncDispose]: () => agent.close() };
}

test("somebody is granted access, calls a machine by its name, is renewed, and is refused when revoked", async () => {
  await using home = await makeHome();
  await grant(home, "alice", "operator");
  await using machine = await startMachine(home);
  const place = { host: "127.0.0.1", port: machine.agent.port, access: home.bundle("alice") };
  const fingerprint = toFingerprint(machineKeys.cert);
  await home.run((context) => contextAdd({ name: "edge-01" }, { ...place, fingerprint }, context));
  assert.equal((await fetchUpdateState(await findMachineAccess(undefined))).runningVersion, "1.0");
  assert.equal((await fetchUpdateState(await findMachineAccess("edge-01"))).runningVersion, "1.0");

  const old = await findMachineAccess("edge-01");
  const renewal = { for: MONTH_MS, out: home.bundle("alice"), context: [] };
  await home.run((context) => accessRenew({ name: "alice" }, renewal, context));
  await home.run((context) =>
    contextAdd({ name: undefined }, { port: 7443, access: home.bundle("alice") }, context),
  );
  const renewed = await findMachineAccess("edge-01");
  assert.notEqual(renewed.certPem, old.certPem);
  assert.equal(renewed.fingerprint, fingerprint);
  assert.equal((await fetchUpdateState(renewed)).runningVersion, "1.0");

  await home.run((context) => accessRevoke({ who: "alice" }, { yes: true }, context));
  assert.equal((await fetchUpdateState(renewed)).runningVersion, "1.0", "the machine does not know yet");
  await machine.reload();
  for (const access of [old, renewed])
    await assert.rejects(fetchUpdateState(access), { code: "certificate-refused", hint: /revoked/ });
  const { stdout } = await home.run((context) => accessList({}, context));
  assert.equal(stdout.match(/alice +operator +\w+ +on \S+ +revoked/g)?.length, 2);
});

test("an access file brings its machines, and never redirects one that is known", async () => {
  await using home = await makeHome();
  await grant(home, "me", "admin");
  const known = { port: 7443, access: home.bundle("me"), fingerprint: "ab".repeat(32) };
  await home.run((context) => contextAdd({ name: "edge-01" }, { ...known, host: "10.0.0.7" }, context));
  await home.run((context) =>
    contextAdd(
      { name: "edge-02" },
      { port: 7443, host: "10.0.0.8", like: "edge-01", fingerprint: "cd".repeat(32) },
      context,
    ),
  );
  await grant(home, "bob", "reader", ["edge-01", "edge-02"]);
  const bundle = JSON.parse(await readFile(home.bundle("bob"), "utf8")) as { machines: { host: string }[] };
  assert.deepEqual(
    bundle.machines.map(({ host }) => host),
    ["10.0.0.7", "10.0.0.8"],
  );

  await home.run((context) => contextRemove({ name: "edge-02" }, context));
  bundle.machines[0]!.host = "10.6.6.6";
  await writeFile(home.bundle("bob"), JSON.stringify(bundle));
  await home.run((context) =>
    contextAdd({ name: undefined }, { port: 7443, access: home.bundle("bob") }, context),
  );
  const { contexts, current } = await readContexts(contextsFile());
  assert.equal(current, "edge-01");
  assert.equal(contexts["edge-01"]?.host, "10.0.0.7");
  assert.equal(contexts["edge-02"]?.host, "10.0.0.8");
});

test("contexts are listed, shown, chosen and forgotten, and what is unknown is told with what is known", async () => {
  await using home = await makeHome();
  await grant(home, "me", "admin");
  const options = { port: 7443, access: home.bundle("me"), fingerprint: "ab".repeat(32) };
  for (const name of ["a", "b"])
    await home.run((context) => contextAdd({ name }, { ...options, host: `${name}.example` }, context));
  await home.run((context) => contextUse({ name: "b" }, context));
  assert.match(
    (await home.run((context) => contextList(context))).stdout,
    /^\* +b +b\.example:7443 +admin +me/m,
  );
  assert.match(
    (await home.run((context) => contextShow({ name: undefined }, context))).stdout,
    /^b {2}\(current\)/,
  );
  await home.run((context) => contextRemove({ name: "b" }, context));
  assert.equal((await readContexts(contextsFile())).current, null);
  await assert.rejects(findMachineAccess("b"), { code: "no-machine", hint: /Contexts: a/ });
  const add = (name: string, more: object) =>
    home.run((context) => contextAdd({ name }, { port: 7443, ...more }, context));
  await assert.rejects(add("a", { ...options, host: "x" }), { code: "context-exists" });
  await assert.rejects(add("c", options), { code: "context-incomplete", hint: /--host/ });
  await assert.rejects(add("c", { host: "x" }), { code: "context-incomplete", hint: /--access/ });
  await assert.rejects(add("c", { ...options, host: "x", fingerprint: "?" }), {
    code: "fingerprint-malformed",
  });
});

test("a fingerprint that nobody has compared is not taken without a yes", async () => {
  await using home = await makeHome();
  await grant(home, "me", "admin");
  await using machine = await startMachine(home);
  const options = { host: "127.0.0.1", port: machine.agent.port, access: home.bundle("me") };
  const add = (more: object) =>
    home.run((context) => contextAdd({ name: "a" }, { ...options, ...more }, context));
  await assert.rejects(add({}), { code: "needs-confirmation" });
  assert.deepEqual((await readContexts(contextsFile())).contexts, {});
  await add({ yes: true });
  assert.equal((await findMachineAccess("a")).fingerprint, toFingerprint(machineKeys.cert));
});

test("a file of somebody else is not written over, and then nobody was granted anything", async () => {
  await using home = await makeHome();
  await writeFile(home.bundle("alice"), "my notes");
  await assert.rejects(grant(home, "alice", "reader"), { code: "access-exists" });
  const { stdout } = await home.run((context) => accessList({}, context));
  assert.doesNotMatch(stdout, /alice/);
});

test("no private key is ever shown, and every file that has one is for its owner alone", async () => {
  await using home = await makeHome();
  await grant(home, "alice", "reader");
  const options = { host: "x", port: 7443, access: home.bundle("alice"), fingerprint: "ab".repeat(32) };
  await home.run((context) => contextAdd({ name: "a" }, options, context));
  for (const format of ["table", "json", "yaml"] as const) {
    await home.run((context) => accessShow({}, { ...context, output: format }));
    await home.run((context) => accessList({}, { ...context, output: format }));
    await home.run((context) => contextList({ ...context, output: format }));
    await home.run((context) => contextShow({ name: "a" }, { ...context, output: format }));
  }
  await home.run((context) => accessRotate({}, context));
  await home.run((context) => accessRotate({ finish: true, yes: true }, context));
  const { key } = JSON.parse(await readFile(home.bundle("alice"), "utf8")) as { key: string };
  assert.match(home.said(), /BEGIN CERTIFICATE/);
  assert.doesNotMatch(home.said(), /PRIVATE KEY/);
  assert.ok(!home.said().includes(key.split("\n")[1]!));
  for (const file of [home.bundle("alice"), contextsFile()])
    assert.equal((await stat(file)).mode & 0o777, 0o600);
});
