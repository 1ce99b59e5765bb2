import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

import { createLog } from "#agent/log.ts";
import { readMachineFacts } from "#agent/machineFacts.ts";
import { createMemoryMachine } from "#agent/memoryMachine.ts";
import { readInventory } from "#agent/readInventory.ts";
import { ROOT_HASH, sealedMachine } from "#agent/sealedMachine.fixture.ts";
import { startAgent } from "#agent/startAgent.ts";
import {
  createCertificateAuthority,
  createDevelopmentAccess,
  issueClientCertificate,
  issueServerCertificate,
} from "#trust/certificates.ts";
import { toFingerprint } from "#trust/fingerprint.ts";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");
const CURL = { skip: !isOnHost("curl") && "curl is not installed" };
const PYTHON = { skip: !isOnHost("python3") && "python3 is not installed" };

function isOnHost(program: string): boolean {
  return spawnSync(program, ["--version"]).status === 0;
}

/** A machine, and what somebody has who may read it: the files that the examples ask for. */
async function prepareDesk() {
  const validity = { now: new Date(), days: 1 };
  const authority = await createCertificateAuthority("test", validity);
  // Of a name that nobody calls it by: what counts is the key.
  const server = await issueServerCertificate(authority, {
    name: "edge-01",
    hosts: ["edge-01"],
    ...validity,
  });
  const client = await issueClientCertificate(authority, { name: "alice", role: "reader", ...validity });
  const machine = createMemoryMachine(sealedMachine);
  const lines: string[] = [];
  const agent = await startAgent({
    readFacts: () => readMachineFacts(machine),
    readInventory: (signal) => readInventory(machine, signal),
    calls: { updates: {} },
    tls: { certificate: server.cert, key: server.key, clientAuthorities: [authority.cert] },
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog((line) => lines.push(line), Date.now),
    monotonicUs: () => 9_000_000,
  });
  const folder = await mkdtempDisposable(join(tmpdir(), "socle-examples-"));
  const write = (name: string, text: string) => writeFile(join(folder.path, name), text, { mode: 0o600 });
  await write("client.pem", client.cert);
  await write("client.key", client.key);
  const publicKey = createPublicKey(server.cert).export({ type: "spki", format: "pem" });
  await write("machine.pub", publicKey.toString());
  await write("alice.access.json", JSON.stringify({ certificate: client.cert, key: client.key }));
  const address = `127.0.0.1:${agent.port}`;
  return {
    server,
    wasAsked: () => lines.some((line) => line.includes("GetStatus")),
    curl: (...words: string[]) => run(join(EXAMPLES, "call.sh"), [folder.path, address, ...words]),
    python: (...words: string[]) => {
      const access = join(folder.path, "alice.access.json");
      return run(join(EXAMPLES, "machine.py"), [access, address, ...words]);
    },
    write,
    [Symbol.asyncDispose]: async () => {
      await agent.close();
      await folder.remove();
    },
  };
}

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    execFile(program, args, (error, stdout, stderr) =>
      done({ exitCode: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

interface Status {
  readonly image: { readonly id: string };
  readonly root: { readonly slot: string; readonly verity: { readonly rootHash: string } };
}

function verifyStatus(stdout: string): void {
  const { image, root } = JSON.parse(stdout) as Status; // GetStatusResponse
  assert.equal(image.id, "minimal");
  assert.equal(root.slot, "SLOT_B");
  assert.equal(root.verity.rootHash, ROOT_HASH);
}

test("curl gets the status of a machine", CURL, async () => {
  await using desk = await prepareDesk();
  const { exitCode, stdout, stderr } = await desk.curl("MachineService/GetStatus");
  assert.equal(exitCode, 0, stderr);
  assert.ok(desk.wasAsked());
  verifyStatus(stdout);
});

test("curl prints a refusal with its code and hint, and fails", CURL, async () => {
  await using desk = await prepareDesk();
  const { exitCode, stdout } = await desk.curl("UpdateService/SetHold", '{"reason": "measuring"}');
  assert.equal(exitCode, 22);
  const { code, details } = JSON.parse(stdout) as {
    code: string;
    details: { type: string; debug: unknown }[];
  };
  assert.equal(code, "permission_denied");
  assert.deepEqual(
    details.map(({ type, debug }) => ({ type, debug })),
    [
      {
        type: "socle.v1.ErrorDetail",
        debug: {
          code: "role-insufficient",
          hint: "This needs the role operator; your certificate says reader.",
        },
      },
    ],
  );
});

test("curl asks nothing of a machine with another key", CURL, async () => {
  await using desk = await prepareDesk();
  const other = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });
  const otherKey = createPublicKey(other.server.cert).export({ type: "spki", format: "pem" });
  await desk.write("machine.pub", otherKey.toString());
  const { exitCode, stdout } = await desk.curl("MachineService/GetStatus");
  assert.deepEqual([exitCode, stdout, desk.wasAsked()], [90, "", false]);
});

test("Python gets the status of a machine", PYTHON, async () => {
  await using desk = await prepareDesk();
  const fingerprint = toFingerprint(desk.server.cert);
  const { exitCode, stdout, stderr } = await desk.python(fingerprint, "MachineService/GetStatus");
  assert.equal(exitCode, 0, stderr);
  verifyStatus(stdout);
});

test("Python gets an answer in parts, with the fingerprint as openssl writes it", PYTHON, async () => {
  await using desk = await prepareDesk();
  const { fingerprint256 } = new X509Certificate(desk.server.cert);
  const words = [fingerprint256, "--stream", "MachineService/GetInventory"];
  const { exitCode, stdout, stderr } = await desk.python(...words);
  assert.equal(exitCode, 0, stderr);
  const lines = stdout.trim().split("\n");
  const parts = lines.map((line) => JSON.parse(line) as { packages?: { name: string }[]; files?: unknown[] });
  assert.ok(lines.length > 1, "it comes in parts");
  assert.deepEqual(
    parts.flatMap(({ packages = [] }) => packages).map(({ name }) => name),
    ["openssh-server", "zlib1g"],
  );
  assert.ok(parts.flatMap(({ files = [] }) => files).length > 3);
});

test(
  "Python says why it is refused, whether the answer would be in one piece or in parts",
  PYTHON,
  async () => {
    await using desk = await prepareDesk();
    const fingerprint = toFingerprint(desk.server.cert);
    const answers = await Promise.all([
      desk.python(fingerprint, "UpdateService/SetHold"),
      desk.python(fingerprint, "--stream", "ObserveService/CapturePackets", '{"interface": "any"}'),
    ]);
    for (const answer of answers)
      assert.deepEqual(answer, {
        exitCode: 1,
        stdout: "",
        stderr:
          "role-insufficient: not allowed\nThis needs the role operator; your certificate says reader.\n",
      });
  },
);

test(
  "Python asks nothing of a machine with another fingerprint, and one with another authority is told so",
  PYTHON,
  async () => {
    await using desk = await prepareDesk();
    const other = await createDevelopmentAccess({ name: "edge-01", now: new Date(), days: 1 });
    const toOther = await desk.python(toFingerprint(other.server.cert), "MachineService/GetStatus");
    assert.equal(toOther.exitCode, 1);
    assert.match(toOther.stderr, /this is another machine: sha256:/);
    assert.ok(!desk.wasAsked());
    const { cert: certificate, key } = other.client;
    await desk.write("alice.access.json", JSON.stringify({ certificate, key }));
    const refused = await desk.python(toFingerprint(desk.server.cert), "MachineService/GetStatus");
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /^cannot talk to 127\.0\.0\.1:\d+: /);
  },
);
