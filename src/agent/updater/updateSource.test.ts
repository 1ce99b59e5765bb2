import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MachineCallError, MachineRefusal } from "#cli/callMachine.ts";
import { fetchUpdateCheck, renderUpdateCheck, toUpdateCheckDocument } from "#cli/commands/updateCheck.ts";
import { startMemoryServer } from "#system/tuf/memoryServer.fixture.ts";
import { openUpdateClient } from "#system/tuf/updateClient.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";
import { MemoryRepository } from "#trust/memoryRepository.fixture.ts";
import { TRUSTED_ROOT_PATH, createUpdateSource } from "./updateSource.ts";
import { createLog } from "../log.ts";
import { readMachineFacts } from "../machineFacts.ts";
import { createMemoryMachine } from "../memoryMachine.ts";
import { readInventory } from "../readInventory.ts";
import { IMAGE, sealedMachine } from "../sealedMachine.fixture.ts";
import { UpdateService } from "#protocol/gen/socle/v1/update_pb.ts";
import { passCalls } from "../passCalls.ts";
import { startAgent } from "../startAgent.ts";
import { startUpdater } from "./startUpdater.ts";
import { Updater } from "./updater.ts";

const access = await createDevelopmentAccess({ name: "minimal", now: new Date(), days: 1 });

/** A sealed machine of version 1.0.0 whose agent is asked over mutual TLS, and a repository that it trusts. */
async function createMachine(repository: MemoryRepository, { hasRoot = true } = {}) {
  const trustedRoot = hasRoot ? repository.readText("metadata/1.root.json") : undefined;
  const folder = await mkdtemp(join(tmpdir(), "socle-check-"));
  const server = await startMemoryServer(() => repository.files);
  const lines: string[] = [];
  const clock = { now: repository.now };
  const machine = createMemoryMachine({
    ...sealedMachine,
    files: {
      ...sealedMachine.files,
      [TRUSTED_ROOT_PATH]: trustedRoot,
      "/usr/lib/socle/image.json": JSON.stringify({ ...IMAGE, sourceDate: "2026-10-01T00:00:00Z" }),
    },
  });
  const readRelease = createUpdateSource({
    machine,
    openClient: async (options) => openUpdateClient(options),
    clock: () => clock.now,
    stateFolder: join(folder, "tuf"),
  });
  const log = createLog((line) => lines.push(line), Date.now);
  const noDisk = () => Promise.reject(new TypeError("this machine is only data"));
  const socketPath = join(folder, "updater.sock");
  const updater = await startUpdater({
    updater: new Updater({
      machine,
      openMachine: noDisk,
      readRelease,
      readPolicy: async () => ({
        repository: server.url,
        channel: "stable",
        mode: "manual",
        spreadSeconds: 0,
        minimumAgeSeconds: 0,
      }),
      request: { read: noDisk, write: noDisk, remove: noDisk },
      newId: () => "operation",
      verdictEveryMs: 1000,
      clock: () => clock.now,
      log,
    }),
    machine,
    readRelease,
    clock: () => clock.now,
    listen: { path: socketPath },
    log,
    monotonicUs: () => 0,
    idleMs: 60_000,
    lookEveryMs: 60_000,
  });
  const agent = await startAgent({
    readFacts: () => readMachineFacts(machine),
    readInventory: (signal) => readInventory(machine, signal),
    calls: { updates: passCalls(UpdateService, socketPath) },
    tls: { certificate: access.server.cert, key: access.server.key, clientAuthorities: [access.ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log,
    monotonicUs: () => 0,
  });
  const { ca, client } = access;
  return {
    server,
    clock,
    lines,
    readState: () => readdir(join(folder, "tuf")),
    check: async ({ url = server.url, channel = "stable", timeoutMs = 20_000 } = {}) =>
      fetchUpdateCheck(
        { host: "127.0.0.1", port: agent.port, caPem: ca, certPem: client.cert, keyPem: client.key },
        { repository: url, channel },
        { timeoutMs },
      ),
    [Symbol.asyncDispose]: async () => {
      await agent.close();
      await updater.close();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const isRefused = (code: string, hint?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MachineRefusal, String(error));
  assert.equal(error.code, code, error.message);
  if (hint !== undefined) assert.match(error.hint ?? "", hint);
  return true;
};

test("a newer release is named, with what an update would fetch, and only that", async () => {
  const repository = await MemoryRepository.create(["1.0.0"]);
  const { artifacts, rootHash } = repository.addRelease("stable", "1.1.0", {
    root: Buffer.alloc(4096, 1),
    verity: Buffer.alloc(512, 2),
    uki: Buffer.alloc(100, 3),
    sbom: Buffer.alloc(7000, 4),
  });
  await repository.publish();
  await using machine = await createMachine(repository);
  const answer = await machine.check();
  assert.equal(artifacts.length, 4);
  assert.equal(answer.running?.version, "1.0.0");
  assert.equal(answer.newer, true);
  assert.equal(answer.newest?.id, "minimal");
  assert.equal(answer.newest?.version, "1.1.0");
  assert.equal(answer.newest?.rootHash, rootHash);
  assert.equal(answer.newest?.sizeBytes, 4708n);
  assert.deepEqual(
    machine.server.asked.filter((path) => !path.endsWith(".json")),
    [],
    "documents only were fetched",
  );
  assert.ok((await machine.readState()).includes("timestamp.json"));
  assert.equal(
    renderUpdateCheck(toUpdateCheckDocument(answer)),
    `1.1.0 is newer than minimal 1.0.0, which runs\n  channel stable · root hash ${rootHash?.slice(0, 12)} · 4.7 kB\n`,
  );
});

test("without an address, the configured repository and channel are asked, and named", async () => {
  await using machine = await createMachine(await MemoryRepository.create(["1.0.0", "1.1.0"]));
  const { newest, repositoryUrl, channel } = await machine.check({ url: "", channel: "" });
  assert.equal(newest?.version, "1.1.0");
  assert.deepEqual([repositoryUrl, channel], [machine.server.url, "stable"]);
});

test("what is not newer in the order of UAPI.10 is said to be so", async () => {
  const cases: [versions: string[], newer: boolean, text: RegExp][] = [
    [["1.0.0"], false, /^minimal 1\.0\.0 runs, and is the newest of channel stable$/m],
    [["0.9.0"], false, /has only 0\.9\.0, which is older$/m],
    [["0.9.0", "1.0.0~rc1"], false, /has only 1\.0\.0~rc1, which is older$/m],
    [["1.0.0", "1.0.10"], true, /^1\.0\.10 is newer/],
  ];
  for (const [versions, newer, text] of cases) {
    await using machine = await createMachine(await MemoryRepository.create(versions));
    const answer = await machine.check();
    assert.equal(answer.newer, newer, versions.join());
    assert.match(renderUpdateCheck(toUpdateCheckDocument(answer)), text);
  }
});

test("a repository that goes back is refused with the attack's name, here and in the machine's log", async () => {
  const repository = await MemoryRepository.create(["1.0.0"]);
  await using machine = await createMachine(repository);
  const old = repository.files.get("metadata/timestamp.json");
  repository.addRelease("stable", "1.1.0");
  await repository.publish();
  await machine.check();
  machine.server.instead.set("metadata/timestamp.json", old);
  await assert.rejects(machine.check(), isRefused("rollback-attack"));
  assert.match(machine.lines.slice(-2).join("\n"), /"code":"rollback-attack"/);
  machine.server.instead.clear();
  assert.equal((await machine.check()).newest?.version, "1.1.0");
});

test("a repository that stands still is refused once it has expired, with a hint at the clocks", async () => {
  await using machine = await createMachine(await MemoryRepository.create(["1.0.0"]));
  machine.clock.now = new Date(machine.clock.now.getTime() + 30 * 86_400_000);
  await assert.rejects(machine.check(), isRefused("freeze-attack", /This machine's clock says/));
});

test("another project's repository, another system's channel and a channel that is not there are told apart", async () => {
  const other = await MemoryRepository.create(["1.0.0"]);
  await using machine = await createMachine(await MemoryRepository.create(["1.0.0"]));
  await using stranger = await startMemoryServer(() => other.files);
  await assert.rejects(machine.check({ url: stranger.url }), isRefused("other-project"));
  await assert.rejects(machine.check({ channel: "beta" }), isRefused("channel-unknown"));
  await using elsewhere = await createMachine(await MemoryRepository.create(["1.0.0"], { id: "kiosk" }));
  await assert.rejects(elsewhere.check(), isRefused("other-project"));
});

test("a server that is not there is unreachable for the machine, not the machine for us", async () => {
  await using machine = await createMachine(await MemoryRepository.create());
  await assert.rejects(machine.check({ url: "http://127.0.0.1:9/" }), isRefused("server-unreachable"));
});

test("an image without a trusted root trusts nobody", async () => {
  await using machine = await createMachine(await MemoryRepository.create(), { hasRoot: false });
  await assert.rejects(machine.check(), isRefused("trusted-root-malformed"));
});

test("an address that holds a password, or is none, is not taken", async () => {
  await using machine = await createMachine(await MemoryRepository.create());
  for (const url of ["http://user:sesame@127.0.0.1/", "file:///etc", "nowhere"]) {
    await assert.rejects(machine.check({ url }), (error) => {
      assert.ok(error instanceof MachineCallError);
      assert.match(error.message, /repository_url must/);
      assert.doesNotMatch(error.message, /sesame/);
      return true;
    });
  }
  assert.doesNotMatch(machine.lines.join("\n"), /sesame/);
});
