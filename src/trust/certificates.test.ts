import assert from "node:assert/strict";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { test } from "node:test";
import {
  createCertificateAuthority,
  createDevelopmentAccess,
  issueClientCertificate,
  issueServerCertificate,
} from "./certificates.ts";

const validity = { now: new Date("2026-11-22T12:00:00Z"), days: 30 };

test("a development access is a chain that another implementation accepts", async () => {
  const access = await createDevelopmentAccess({ name: "minimal", ...validity });
  const authority = new X509Certificate(access.ca);
  assert.equal(authority.ca, true);
  for (const { cert, key } of [access.server, access.client]) {
    const certificate = new X509Certificate(cert);
    assert.equal(certificate.ca, false);
    assert.equal(certificate.checkIssued(authority), true);
    assert.equal(certificate.verify(authority.publicKey), true);
    assert.equal(certificate.checkPrivateKey(createPrivateKey(key)), true);
  }
});

test("the server certificate is for localhost, 127.0.0.1 and the machine, and for servers only", async () => {
  const { server } = await createDevelopmentAccess({ name: "minimal", ...validity });
  const certificate = new X509Certificate(server.cert);
  assert.equal(certificate.subjectAltName, "DNS:localhost, IP Address:127.0.0.1, DNS:minimal");
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
});

test("a client certificate carries the role and the name of the caller, and is for clients only", async () => {
  const authority = await createCertificateAuthority("fleet", validity);
  const { cert } = await issueClientCertificate(authority, { name: "alice", role: "operator", ...validity });
  const certificate = new X509Certificate(cert);
  assert.equal(certificate.subject, "O=operator\nCN=alice");
  assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
});

test("a name cannot smuggle in another role", async () => {
  const authority = await createCertificateAuthority("fleet", validity);
  const { cert } = await issueClientCertificate(authority, {
    name: "eve, O=admin+O=admin",
    role: "viewer",
    ...validity,
  });
  const { subject } = new X509Certificate(cert).toLegacyObject();
  assert.equal(subject.O, "viewer");
  assert.equal(subject.CN, "eve, O=admin+O=admin");
});

test("validity starts one hour early, for a clock that is behind, and ends after the days asked for", async () => {
  const authority = await createCertificateAuthority("fleet", validity);
  const { cert } = await issueServerCertificate(authority, { name: "a", hosts: ["a"], ...validity });
  const certificate = new X509Certificate(cert);
  assert.equal(certificate.validFromDate.toISOString(), "2026-11-22T11:00:00.000Z");
  assert.equal(certificate.validToDate.toISOString(), "2026-12-22T12:00:00.000Z");
});

test("a host that is an IPv6 address is certified as an address", async () => {
  const authority = await createCertificateAuthority("fleet", validity);
  const { cert } = await issueServerCertificate(authority, {
    name: "a",
    hosts: ["::1", "a.example"],
    ...validity,
  });
  assert.equal(new X509Certificate(cert).subjectAltName, "IP Address:0:0:0:0:0:0:0:1, DNS:a.example");
});

test("two accesses share nothing", async () => {
  const [one, other] = await Promise.all([
    createDevelopmentAccess({ name: "minimal", ...validity }),
    createDevelopmentAccess({ name: "minimal", ...validity }),
  ]);
  assert.equal(new X509Certificate(one.client.cert).verify(new X509Certificate(other.ca).publicKey), false);
});
