import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { test } from "node:test";

import { parseCallerTrust } from "#trust/callerTrust.ts";
import { createCertificateAuthority, issueClientCertificate } from "#trust/certificates.ts";

import { CallerGate } from "./callerGate.ts";

const now = new Date("2026-11-22T12:00:00Z");
const authority = await createCertificateAuthority("fleet", { now, days: 30 });
const { cert } = await issueClientCertificate(authority, { name: "alice", role: "reader", now, days: 1 });
const trust = await parseCallerTrust({ authorities: [authority.cert] });
/** All that the gate asks of a connection. */
const toSocket = (certificate: X509Certificate | undefined) =>
  ({ destroyed: false, getPeerX509Certificate: () => certificate }) as unknown as TLSSocket;

test("a certificate that ends while its connection is open lets nobody in any more", () => {
  let time = now;
  const gate = new CallerGate(trust, () => time);
  const socket = toSocket(new X509Certificate(cert));
  assert.equal(gate.admit(socket).verdict, "trusted");
  time = new Date("2026-11-23T11:59:00Z");
  assert.equal(gate.admit(socket).verdict, "trusted");
  time = new Date("2026-11-23T12:00:01Z");
  assert.equal(gate.admit(socket).verdict, "expired");
});

test("new trust is asked at the next request of a connection that is open", async () => {
  const gate = new CallerGate(trust, () => now);
  const socket = toSocket(new X509Certificate(cert));
  assert.equal(gate.admit(socket).caller?.name, "alice");
  const other = await createCertificateAuthority("fleet", { now, days: 30 });
  gate.trust = await parseCallerTrust({ authorities: [other.cert] });
  assert.equal(gate.admit(socket).verdict, "other-authority");
});

test("a connection without a certificate, or that is gone, is nobody's", () => {
  const gate = new CallerGate(trust, () => now);
  assert.equal(gate.admit(toSocket(undefined)).verdict, "gone");
  assert.equal(gate.admit(undefined).verdict, "gone");
});
