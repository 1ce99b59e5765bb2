import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { createOwnCertificate } from "#trust/certificates.ts";

import { createLog } from "../log.ts";
import { ensureIdentity, IDENTITY_CREDENTIALS, IDENTITY_FILES } from "./ensureIdentity.ts";
import { decodeIdentity, toIdentity, type MachineIdentity } from "./machineIdentity.ts";

const validity = { now: new Date("2026-01-01T00:00:00Z"), days: 20 * 365 };

async function make(name: string): Promise<MachineIdentity> {
  const { cert, key } = await createOwnCertificate({ name, ...validity });
  return toIdentity(cert, key) ?? assert.fail("certificate and key belong together");
}

const fresh = await make("fresh");
const kept = await make("kept");
const given = await make("given");

interface Kept {
  readonly files?: Record<string, string | Error>;
  readonly credentials?: Record<string, string>;
  readonly writeFails?: true;
}

async function start({ files = {}, credentials = {}, writeFails }: Kept) {
  const log: { level: string; message: string }[] = [];
  const after = { ...files };
  const identity = await ensureIdentity({
    readCredential: (name) => Promise.resolve(credentials[name]),
    readText: (path) => {
      const found = files[path];
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    writePrivate: (path, text) => {
      if (writeFails) return Promise.reject(new Error("no space left on device"));
      after[path] = text;
      return Promise.resolve();
    },
    make: () => Promise.resolve(fresh),
    log: createLog((line) => log.push(JSON.parse(line) as { level: string; message: string }), Date.now),
  });
  return { identity, files: after, log };
}

const onDisk = ({ certificate, key }: Pick<MachineIdentity, "certificate" | "key">) => ({
  [IDENTITY_FILES.certificate]: certificate,
  [IDENTITY_FILES.key]: key,
});

test("at its first start a machine makes a key and a certificate, and keeps them", async () => {
  const { identity, files } = await start({});
  assert.deepEqual(identity, { ...fresh, source: "machine" });
  assert.deepEqual(files, onDisk(fresh));
});

test("from then on it is the same", async () => {
  const { identity, files, log } = await start({ files: onDisk(kept) });
  assert.equal(identity.fingerprint, kept.fingerprint);
  assert.equal(identity.source, "machine");
  assert.deepEqual(files, onDisk(kept));
  assert.deepEqual(log, []);
});

const damaged: readonly (readonly [what: string, files: Record<string, string | Error>])[] = [
  ["the key is cut off", onDisk({ ...kept, key: kept.key.slice(0, 80) })],
  ["the key is empty", onDisk({ ...kept, key: "" })],
  ["the certificate is no certificate", onDisk({ ...kept, certificate: "\0".repeat(700) })],
  ["they do not belong together", onDisk({ ...kept, key: fresh.key })],
  ["the certificate is gone", { [IDENTITY_FILES.key]: kept.key }],
  ["the key is gone", { [IDENTITY_FILES.certificate]: kept.certificate }],
  ["they cannot be read", { [IDENTITY_FILES.key]: new Error("EIO: i/o error, read") }],
];

for (const [what, files] of damaged)
  test(`where ${what}, others are made, and the log warns`, async () => {
    const { identity, files: after, log } = await start({ files });
    assert.deepEqual(identity, { ...fresh, source: "machine" });
    assert.deepEqual(after, onDisk(fresh));
    assert.equal(log[0]?.level, "warning");
    assert.ok(!JSON.stringify(log).includes("PRIVATE KEY"));
  });

test("what cannot be kept is used all the same", async () => {
  const { identity, log } = await start({ writeFails: true });
  assert.deepEqual(identity, { ...fresh, source: "machine" });
  assert.match(log.at(-1)?.message ?? "", /cannot be kept/);
});

test("credentials come before what the machine keeps, and are not kept", async () => {
  const credentials = {
    [IDENTITY_CREDENTIALS.certificate]: given.certificate,
    [IDENTITY_CREDENTIALS.key]: given.key,
  };
  const { identity, files } = await start({ credentials, files: onDisk(kept) });
  assert.equal(identity.fingerprint, given.fingerprint);
  assert.equal(identity.source, "credential");
  assert.deepEqual(files, onDisk(kept));
});

test("half of the credentials, or damaged ones, are an error", async () => {
  const { certificate, key } = IDENTITY_CREDENTIALS;
  await assert.rejects(start({ credentials: { [certificate]: given.certificate } }), {
    code: "credentials-incomplete",
    message: /no credential "socle.agent.key"/,
  });
  await assert.rejects(start({ credentials: { [certificate]: given.certificate, [key]: kept.key } }), {
    code: "certificate-unusable",
  });
});

test("the program makes what OpenSSL reads, for twenty years and by itself", async () => {
  const program = join(import.meta.dirname, "main.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, "edge-01"]);
  const { certificate, key, fingerprint } = decodeIdentity(stdout);
  const openssl = (...args: string[]) => {
    const {
      stdout: said,
      stderr,
      status,
    } = spawnSync("openssl", args, { input: certificate, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return said;
  };
  const hex = /=([0-9A-F:]+)/.exec(openssl("x509", "-noout", "-fingerprint", "-sha256"))?.[1];
  assert.equal(fingerprint, `sha256:${hex?.replaceAll(":", "").toLowerCase()}`);
  assert.match(
    openssl("x509", "-noout", "-subject", "-issuer"),
    /^subject=CN = edge-01\nissuer=CN = edge-01\n$/,
  );
  assert.match(
    openssl("x509", "-noout", "-ext", "subjectAltName,extendedKeyUsage,basicConstraints"),
    /DNS:edge-01/,
  );
  const own = new X509Certificate(certificate);
  assert.ok(own.verify(own.publicKey), "it is signed by its own key");
  assert.equal(own.ca, false);
  const years = (own.validToDate.getTime() - Date.now()) / (365 * 86_400_000);
  assert.ok(years > 19.9, `${years} years`);
  assert.notEqual(own.serialNumber, new X509Certificate(fresh.certificate).serialNumber);
  assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
});
