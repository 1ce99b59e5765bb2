import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isBuiltin } from "node:module";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { MachineCallError } from "#cli/callMachine.ts";
import { fetchUpdateCheck } from "#cli/commands/updateCheck.ts";
import { fetchInventory } from "#cli/fetchInventory.ts";
import { fetchStatus } from "#cli/commands/status.ts";
import { callMaintenance } from "#cli/maintenance/callMaintenance.ts";
import { startMemoryServer } from "#system/tuf/memoryServer.fixture.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";
import { toFingerprint } from "#trust/fingerprint.ts";
import { MemoryRepository } from "#trust/memoryRepository.fixture.ts";
import { bundleProgram } from "#image/bundleProgram.ts";

const PROJECT_FOLDER = resolve(import.meta.dirname, "../..");
const access = await createDevelopmentAccess({ name: "minimal", now: new Date(), days: 1 });

const folder = await mkdtempDisposable(join(tmpdir(), "socle-bundle-"));
after(() => folder.remove());
const agentFile = join(folder.path, "agent.mjs");
await bundleAgent(agentFile);
const sealedAgentFile = join(folder.path, "sealed.mjs");
await bundleProgram({
  entry: "src/agent/sealedAgent.fixture.ts",
  outFile: sealedAgentFile,
  projectFolder: PROJECT_FOLDER,
});

async function bundleAgent(outFile: string): Promise<void> {
  await bundleProgram({ entry: "src/agent/main.ts", outFile, projectFolder: PROJECT_FOLDER });
}

async function writeCredentials(name: string, credentials: Record<string, string>): Promise<string> {
  const credentialsFolder = join(folder.path, name);
  await mkdir(credentialsFolder);
  for (const [credential, value] of Object.entries(credentials)) {
    await writeFile(join(credentialsFolder, credential), value);
  }
  return credentialsFolder;
}

const credentials = await writeCredentials("credentials", {
  "socle.agent.cert": access.server.cert,
  "socle.agent.key": access.server.key,
  "socle.agent.ca": access.ca,
});

let started = 0;

/** As in the image: no JIT, no project around it, nothing in the environment but what the unit sets. */
function spawnAgent(file: string, environment: Record<string, string>) {
  const own = join(folder.path, `own-${++started}`);
  const folders = { STATE_DIRECTORY: own, RUNTIME_DIRECTORY: own };
  const child = spawn(process.execPath, ["--jitless", file], {
    cwd: "/",
    env: { PATH: process.env["PATH"], ...folders, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    /** The next line of the log. */
    async readLog(): Promise<Record<string, unknown>> {
      const { value } = await lines.next();
      return JSON.parse(String(value)) as Record<string, unknown>;
    },
    async stop(): Promise<number> {
      child.kill("SIGTERM");
      return this.waitForExit();
    },
    async waitForExit(): Promise<number> {
      if (child.exitCode === null) await once(child, "exit");
      return child.exitCode ?? -1;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await this.waitForExit();
    },
  };
}

const listenEnvironment = { CREDENTIALS_DIRECTORY: credentials, SOCLE_LISTEN: "127.0.0.1:0" };

function toMachineAccess(port: unknown) {
  const { ca, client } = access;
  return { host: "127.0.0.1", port: Number(port), caPem: ca, certPem: client.cert, keyPem: client.key };
}

test("two bundles are the same bytes, also from a clone in another folder", async () => {
  const expected = await readFile(agentFile);
  await bundleAgent(join(folder.path, "again.mjs"));
  assert.deepEqual(await readFile(join(folder.path, "again.mjs")), expected);

  const clone = join(folder.path, "elsewhere", "clone");
  const packages = [
    "@bufbuild/protobuf",
    "@connectrpc/connect",
    "@connectrpc/connect-node",
    "@peculiar/asn1-schema",
    "@peculiar/asn1-x509",
    "@peculiar/utils",
    "@tufjs/canonical-json",
    "@tufjs/models",
    "asn1js",
    "balanced-match",
    "brace-expansion",
    "minimatch",
    "pvtsutils",
    "pvutils",
    "tslib",
    "tuf-js",
    "yaml",
    "zod",
  ];
  for (const path of ["src", "package.json", ...packages.map((name) => `node_modules/${name}`)]) {
    await cp(join(PROJECT_FOLDER, path), join(clone, path), { recursive: true });
  }
  const outFile = join(folder.path, "clone.mjs");
  await bundleProgram({ entry: "src/agent/main.ts", outFile, projectFolder: clone });
  assert.deepEqual(await readFile(outFile), expected);
  assert.equal(expected.includes(PROJECT_FOLDER), false);
});

test("the bundle needs nothing but Node", async () => {
  const text = await readFile(agentFile, "utf8");
  // Only what can be a module's name: the code also has texts such as `from "${url}"`.
  const statements = /(?<!\.)\b(?:from|import|require)\s*\(?["'`]([a-z@./][\w@:./-]*)["'`]/g;
  const imports = [...text.matchAll(statements)].map(([, name]) => name ?? "");
  assert.deepEqual(
    imports.filter((name) => !isBuiltin(name)),
    [],
  );
});

test("what is behind a getter of Node's own modules is not loaded with them", async () => {
  const tell = join(folder.path, "tell.cjs");
  await writeFile(
    tell,
    `process.on("exit", () => require("node:fs").writeFileSync(1, process.moduleLoadList.join("\\n")))`,
  );
  const own = join(folder.path, "alone");
  // Outside an image it cannot run; by then it has loaded what it needs.
  const { stdout } = await promisify(execFile)(process.execPath, ["--jitless", "-r", tell, agentFile], {
    env: { STATE_DIRECTORY: own, RUNTIME_DIRECTORY: own },
  }).catch((error: { stdout: string }) => error);
  const loaded = stdout.split("\n");
  assert.ok(loaded.includes("NativeModule http2"), stdout);
  assert.deepEqual(
    loaded.filter((name) => /undici|webcrypto/.test(name)),
    [],
  );
});

test("without JIT, a machine answers its status and stops at SIGTERM", async () => {
  await using agent = spawnAgent(sealedAgentFile, listenEnvironment);
  const { port } = await agent.readLog();
  const status = await fetchStatus(toMachineAccess(port), { timeoutMs: 5_000 });
  assert.equal(status.machine?.hostname, "edge-01");
  assert.deepEqual(status.problems, []);
  assert.equal(await agent.stop(), 0);
});

test("without JIT, a machine lists what is on it", async () => {
  await using agent = spawnAgent(sealedAgentFile, listenEnvironment);
  const { port } = await agent.readLog();
  const { files, packages, unreadable } = await fetchInventory(toMachineAccess(port), { timeoutMs: 10_000 });
  assert.ok(files.some(({ path, mode }) => path === "/usr/bin/su" && mode === 0o4755));
  assert.equal(packages.length, 2);
  assert.deepEqual(unreadable, []);
  assert.equal(await agent.stop(), 0);
});

test("without JIT, a machine checks a repository for updates, and refuses one of another project", async () => {
  const repository = await MemoryRepository.create(["1.0.0", "1.1.0"], { now: new Date() });
  const stranger = await MemoryRepository.create(["9.0.0"], { now: new Date() });
  await using server = await startMemoryServer(() => repository.files);
  await using other = await startMemoryServer(() => stranger.files);
  const trustedRoot = join(folder.path, "root.json");
  await writeFile(trustedRoot, repository.readText("metadata/1.root.json"));
  await using agent = spawnAgent(sealedAgentFile, {
    ...listenEnvironment,
    SOCLE_TRUSTED_ROOT: trustedRoot,
    SOCLE_STATE: join(folder.path, "tuf"),
  });
  const { port } = await agent.readLog();
  const check = (url: string) =>
    fetchUpdateCheck(toMachineAccess(port), { repository: url, channel: "stable" }, { timeoutMs: 10_000 });
  const { newer, newest } = await check(server.url);
  assert.equal(newer, true);
  assert.equal(newest?.version, "1.1.0");
  await assert.rejects(check(other.url), { name: "MachineRefusal", code: "other-project" });
  assert.equal(await agent.stop(), 0);
});

test("the agent itself listens without JIT; on a machine that is not Socle's it says in its log why it cannot answer", async () => {
  await using agent = spawnAgent(agentFile, listenEnvironment);
  const { message, port } = await agent.readLog();
  assert.equal(message, "listening");
  await assert.rejects(
    fetchStatus(toMachineAccess(port), { timeoutMs: 5_000 }),
    (error) => error instanceof MachineCallError && error.code === "machine-failed",
  );
  assert.match(JSON.stringify(await agent.readLog()), /image\.json/);
  assert.equal(await agent.stop(), 0);
});

test("the agent with nobody to let in waits for its configuration, and stops at SIGTERM", async () => {
  const own = await writeCredentials("own", {
    "socle.agent.cert": access.server.cert,
    "socle.agent.key": access.server.key,
  });
  await using agent = spawnAgent(agentFile, { ...listenEnvironment, CREDENTIALS_DIRECTORY: own });
  assert.match(JSON.stringify(await agent.readLog()), /image\.json/, "it is no Socle's machine");
  const { message, port, fingerprint } = await agent.readLog();
  assert.match(String(message), /^maintenance mode/);
  const machine = { host: "127.0.0.1", port: Number(port), fingerprint: String(fingerprint) };
  const shown = await callMaintenance(machine, { purpose: "look", timeoutMs: 5_000 }, (client, options) =>
    client.getMaintenance({}, options),
  );
  assert.equal(shown.fingerprint, toFingerprint(access.server.cert));
  assert.equal(await agent.stop(), 0);
});

test("with only some of the credentials the agent names the missing one and fails", async () => {
  const partial = await writeCredentials("partial", {
    "socle.agent.cert": access.server.cert,
    "socle.agent.ca": access.ca,
  });
  await using agent = spawnAgent(agentFile, { CREDENTIALS_DIRECTORY: partial });
  const { error } = await agent.readLog();
  assert.match(JSON.stringify(error), /no credential \\"socle.agent.key\\"/);
  assert.equal(await agent.waitForExit(), 1);
});

test("an address it cannot listen on ends the agent with an error", async () => {
  await using agent = spawnAgent(agentFile, { CREDENTIALS_DIRECTORY: credentials, SOCLE_LISTEN: "nowhere" });
  assert.match(JSON.stringify(await agent.readLog()), /Cannot listen on \\\\?"nowhere/);
  assert.equal(await agent.waitForExit(), 1);
});
