import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CERTIFIED_ROLES } from "./keySet.ts";
import { createSecureBootCertificate, decodeCertificate } from "./secureBootCertificate.ts";
import { makeTestKeySet, TEST_NOW } from "./testKeys.fixture.ts";

const { keySet, signers } = await makeTestKeySet();
const folder = mkdtempSync(join(tmpdir(), "socle-certificates-"));
after(() => rmSync(folder, { recursive: true }));

function openssl(pem: string, ...words: string[]): string {
  return execFileSync("openssl", ["x509", ...words], { input: pem, encoding: "utf8" });
}

for (const role of CERTIFIED_ROLES) {
  const pem = keySet.roles[role].keys[0]!.certificate!;

  test(`the certificate of ${role} is one that OpenSSL and Node accept as signed by its own key`, () => {
    const certificate = new X509Certificate(pem);
    assert.equal(certificate.verify(signers[role][0]!.publicKey), true);
    assert.equal(certificate.ca, false);
    const file = join(folder, `${role}.crt`);
    writeFileSync(file, pem);
    const words = ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", file, file];
    assert.match(execFileSync("openssl", words, { encoding: "utf8" }), /OK$/m);
    assert.equal(openssl(pem, "-outform", "PEM"), pem);
  });

  test(`the certificate of ${role} says what the key is for, and for how long`, () => {
    const text = openssl(pem, "-noout", "-text", "-nameopt", "RFC2253");
    for (const line of [
      "Version: 3 (0x2)",
      "Signature Algorithm: sha256WithRSAEncryption",
      `Subject: CN=Test ${role}`,
      `Issuer: CN=Test ${role}`,
      "Public-Key: (2048 bit)",
      "Not Before: Nov 22 12:34:56 2026 GMT",
      "Not After : Nov 22 12:34:56 2046 GMT",
      "X509v3 Basic Constraints: critical",
      "CA:FALSE",
      "X509v3 Key Usage: critical",
      "Digital Signature",
    ])
      assert.ok(text.includes(line), line);
    assert.equal(/Code Signing/.test(text), role === "db" || role === "extension");
    assert.doesNotMatch(text, /Certificate Sign|Negative/);
  });
}

test("the same key on the same day gets the same certificate, bit by bit", async () => {
  const made = await createSecureBootCertificate(signers.db[0]!, {
    role: "db",
    commonName: "Test db",
    notBefore: TEST_NOW,
  });
  assert.equal(made, keySet.roles.db.keys[0]!.certificate);
  const serials = CERTIFIED_ROLES.map(
    (role) => new X509Certificate(keySet.roles[role].keys[0]!.certificate!).serialNumber,
  );
  assert.equal(new Set(serials).size, CERTIFIED_ROLES.length);
});

test("a name in other letters, or with signs that are special in names, stays one name", async () => {
  const commonName = "Größe, O=x/db";
  const pem = await createSecureBootCertificate(signers.db[0]!, {
    role: "db",
    commonName,
    notBefore: TEST_NOW,
  });
  const { subject } = new X509Certificate(pem).toLegacyObject();
  assert.deepEqual({ ...subject }, { CN: commonName });
  assert.ok(decodeCertificate(pem).publicKey.equals(signers.db[0]!.publicKey));
});
