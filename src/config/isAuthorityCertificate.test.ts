import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { AUTHORITY, REVOCATIONS, SERVER_CERTIFICATE } from "./certificates.fixture.ts";
import { isAuthorityCertificate, isOneSequence } from "./isAuthorityCertificate.ts";

function toDer(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[A-Z0-9 ]+-----|\s/g, ""), "base64");
}

test("what OpenSSL says of a certificate is what is said here", () => {
  for (const pem of [AUTHORITY, SERVER_CERTIFICATE]) {
    assert.equal(isAuthorityCertificate(toDer(pem)), new X509Certificate(pem).ca);
  }
  assert.notEqual(isAuthorityCertificate(toDer(REVOCATIONS)), true);
  assert.equal(isOneSequence(toDer(REVOCATIONS)), true);
});

test("bytes that are cut off, longer or others are no certificate, and never an error", () => {
  const der = toDer(AUTHORITY);
  for (let length = 0; length < der.length; length += 1) {
    assert.equal(isAuthorityCertificate(der.subarray(0, length)), undefined, `${length} bytes`);
    assert.equal(isOneSequence(der.subarray(0, length)), false, `${length} bytes`);
  }
  assert.equal(isAuthorityCertificate(Buffer.concat([der, Buffer.from([0])])), undefined);
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), (index, byte) => {
      const changed = Buffer.from(der);
      changed[index] = byte;
      isAuthorityCertificate(changed);
    }),
    { numRuns: 2_000 },
  );
});
