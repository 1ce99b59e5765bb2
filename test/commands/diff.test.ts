import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { createLog } from "#agent/log.ts";
import { readMachineFacts } from "#agent/machineFacts.ts";
import { createMemoryMachine } from "#agent/memoryMachine.ts";
import { readInventory } from "#agent/readInventory.ts";
import { ROOT_HASH, sealedMachine } from "#agent/sealedMachine.fixture.ts";
import { startAgent } from "#agent/startAgent.ts";
import { newer, older } from "#release/comparison/sampleReleases.fixture.ts";
import type { ReleaseDiff } from "#release/comparison/releaseDiff.ts";
import { parseSha256 } from "#release/sha256.ts";
import { createDevelopmentAccess } from "#trust/certificates.ts";
import { writeMachineRecord } from "#vm/machineFolder.ts";

import { writeManifest, writeSampleRelease } from "./sampleRelease.ts";

const SOCLE = join(import.meta.dirname, "../../bin/socle");

const folder = await mkdtemp(join(tmpdir(), "socle-diff-"));
after(() => rm(folder, { recursive: true }));

await writeSampleRelease(join(folder, "a"), older);
await writeSampleRelease(join(folder, "b"), newer);
await writeManifest(join(folder, "old"), older.manifest);
await writeSampleRelease(join(folder, "altered"), newer);
await appendFile(join(folder, "altered/edge_1.1.contents.json"), " ");
await writeFile(join(folder, "one.yaml"), "id: edge\nversion: '1.0'\n");
await writeFile(join(folder, "two.yaml"), "id: edge\nversion: '1.0'\nkernel: { arguments: [quiet] }\n");
await writeFile(join(folder, "wrong.yaml"), "id: edge\nversion: '1.0'\nlevel: strict\n");

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function diff(...words: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      SOCLE_HOME: join(folder, "home"),
      NO_COLOR: "1",
      FORCE_COLOR: undefined,
      CI: "1",
      LANG: "C.UTF-8",
      LC_ALL: undefined,
    };
    execFile(SOCLE, ["diff", ...words], { cwd: folder, env }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number")
        reject(new Error("socle did not run", { cause: error }));
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

const EXIT_CODES: readonly (readonly [words: readonly string[], exitCode: number, output: RegExp])[] = [
  [["a", "a"], 0, /^✓ edge 1\.0 .*: the same, by root hash\n/],
  [["a", "b"], 1, /^~ edge 1\.0 → 1\.1:\n {2}differ in 6 packages, 6 files, 3 units/],
  [["a", "b/edge_1.1.manifest.json", "-q"], 1, /^~ edge 1\.0 → 1\.1:\n.*\n$/],
  [["old", "b"], 1, /Not compared: .*"old" has no\s+list of its\s+contents/s],
  [["one.yaml", "one.yaml"], 0, /the same in all that was compared/],
  [["one.yaml", "two.yaml"], 1, /^ {2}\+ kernel\.arguments {2}quiet {2}added$/m],
  [["one.yaml", "a"], 1, /The release was built from another definition/],
];

for (const [words, wanted, output] of EXIT_CODES) {
  test(`"socle diff ${words.join(" ")}" ends with ${wanted}`, async () => {
    const { exitCode, stdout, stderr } = await diff(...words);
    assert.equal(stderr, "");
    assert.match(stdout, output);
    assert.equal(exitCode, wanted);
  });
}

const FAILURES: readonly (readonly [words: readonly string[], exitCode: number, message: RegExp])[] = [
  [
    ["a", "nowhere"],
    2,
    /Cannot compare "nowhere": there is no such file or folder\n {2}Fix .*machine:NAME\n {2}not-comparable/,
  ],
  [["a", "."], 2, /Cannot compare "\.": it has neither a release nor a definition/],
  [["a", "a/edge_1.0.contents.json"], 2, /it is none of what can be compared/],
  [["a", "wrong.yaml"], 2, /does not describe a system yet/],
  [["a", "altered"], 5, /edge_1\.1\.contents\.json" has the SHA-256 .*release-altered/s],
  [["a"], 2, /missing required argument 'to'/],
  [["a", "b", "--html", "a"], 2, /EISDIR|ENOTDIR/],
];

for (const [words, wanted, message] of FAILURES) {
  test(`"socle diff ${words.join(" ")}" fails with ${wanted}, so that 1 says only that two differ`, async () => {
    const { exitCode, stdout, stderr } = await diff(...words);
    assert.equal(stdout, "");
    assert.match(stderr, message);
    assert.equal(exitCode, wanted);
  });
}

test("JSON and YAML hold the whole comparison", async () => {
  const { exitCode, stdout } = await diff("a", "b", "-o", "json");
  assert.equal(exitCode, 1);
  const document = JSON.parse(stdout) as ReleaseDiff; // asserted below
  assert.deepEqual([document.apiVersion, document.kind, document.same], ["socle/v1", "ReleaseDiff", false]);
  assert.equal(document.files?.changed.length, 4);
  assert.deepEqual(
    document.fixes?.gained?.flatMap(({ cves }) => cves),
    ["CVE-2025-12345", "CVE-2026-9999", "CVE-2026-12340"],
  );
  const yaml = await diff("a", "b", "-o", "yaml");
  assert.match(yaml.stdout, /^apiVersion: socle\/v1\nkind: ReleaseDiff\nsame: false\n/);
});

test("with --json a failure says the exit code that it has", async () => {
  const { exitCode, stderr } = await diff("a", "nowhere", "--json");
  const told = JSON.parse(stderr) as { code: string; exitCode: number }; // that it parses is the test
  assert.deepEqual([told.code, told.exitCode, exitCode], ["not-comparable", 2, 2]);
});

test("--html writes a page beside the result, the same each time", async () => {
  const { exitCode, stdout, stderr } = await diff("a", "b", "--html", "page.html");
  assert.equal(exitCode, 1);
  assert.match(stdout, /^~ edge 1\.0 → 1\.1/);
  assert.match(stderr, /^The comparison as a page: .*\/page\.html\n$/);
  const page = await readFile(join(folder, "page.html"), "utf8");
  assert.match(page, /^<!doctype html>\n.*<\/html>\n$/s);
  await diff("a", "b", "--html", "again.html", "-q");
  assert.equal(await readFile(join(folder, "again.html"), "utf8"), page);
});

/** An agent that answers for a machine which is only data, known to `socle` by this name. */
async function startMachine(name: string): Promise<AsyncDisposable> {
  const { server, client, ca } = await createDevelopmentAccess({ name, now: new Date(), days: 1 });
  const machine = createMemoryMachine(sealedMachine);
  const agent = await startAgent({
    calls: { updates: {} },
    readFacts: () => readMachineFacts(machine),
    readInventory: (signal) => readInventory(machine, signal),
    tls: { certificate: server.cert, key: server.key, clientAuthorities: [ca] },
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog(() => {}, Date.now),
    monotonicUs: () => 0,
  });
  const access = { host: "127.0.0.1", port: agent.port, caPem: ca, certPem: client.cert, keyPem: client.key };
  await writeMachineRecord(join(folder, "home/machines", name), { name, pid: process.pid, ...access });
  return { [Symbol.asyncDispose]: async () => agent.close() };
}

test("a machine is compared with a release, and its root hash proves what it runs", async () => {
  await using _ = await startMachine("edge-01");
  const { exitCode, stdout, stderr } = await diff("a", "machine:edge-01", "-o", "json");
  assert.equal(stderr, "");
  assert.equal(exitCode, 1);
  const document = JSON.parse(stdout) as ReleaseDiff; // asserted below
  assert.deepEqual(
    [document.to.kind, document.to.rootHash, document.sameRoot],
    ["machine", ROOT_HASH, false],
  );
  assert.deepEqual(
    document.packages?.added.map(({ name }) => name),
    ["openssh-server", "zlib1g"],
  );
  assert.ok(document.privilegedFiles?.added.some(({ path }) => path === "/usr/bin/su"));
  assert.equal(document.listeners?.evidence, "mixed");

  const { manifest, contents } = older;
  const rootHash = parseSha256(ROOT_HASH);
  await writeSampleRelease(join(folder, "running"), { manifest: { ...manifest, rootHash }, contents });
  const running = await diff("running", "machine:");
  assert.match(running.stdout, /The root hash is the same: packages and files/);
  assert.doesNotMatch(running.stdout, /^(Packages|Files) /m);
});

test("a machine that does not answer is exit code 3", async () => {
  const running = await startMachine("gone");
  await running[Symbol.asyncDispose]();
  const { exitCode, stderr } = await diff("a", "machine:gone");
  assert.match(stderr, /unreachable/);
  assert.equal(exitCode, 3);
});
