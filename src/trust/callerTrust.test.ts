import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { AccessError } from "./accessError.ts";
import { judgeCaller, parseCallerTrust } from "./callerTrust.ts";
import {
  createCertificateAuthority,
  exportCertificateAuthority,
  issueClientCertificate,
  openCertificateAuthority,
} from "./certificates.ts";
import { createRevocationList } from "./createRevocationList.ts";

const now = new Date("2026-11-22T12:00:00Z");
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
const one = await createCertificateAuthority("one", { now, days: 365 });
const other = await createCertificateAuthority("other", { now, days: 365 });
const issue = async (authority: typeof one, name: string) =>
  new X509Certificate(
    (await issueClientCertificate(authority, { name, role: "reader", now, days: 30 })).cert,
  );
const [alice, bob, carol] = await Promise.all([
  issue(one, "alice"),
  issue(one, "bob"),
  issue(other, "carol"),
]);
const revoke = (authority: typeof one, certificates: readonly X509Certificate[], number = 1) =>
  createRevocationList(authority, {
    revoked: certificates.map(({ serialNumber }) => ({ serial: serialNumber, at: now })),
    number,
    now,
    nextUpdate: later(366),
  });
const hasCode = (code: string) => (error: unknown) => error instanceof AccessError && error.code === code;

test("a caller is let in by its authority, in its time, unless it is revoked", async () => {
  const trust = await parseCallerTrust({ authorities: [one.cert], revocations: await revoke(one, [bob]) });
  assert.equal(judgeCaller(trust, alice, now), "trusted");
  assert.equal(judgeCaller(trust, bob, now), "revoked");
  assert.equal(judgeCaller(trust, carol, now), "other-authority");
  assert.equal(judgeCaller(trust, alice, later(31)), "expired");
  assert.equal(judgeCaller(trust, alice, later(-1)), "not-yet-valid");
});

test("several authorities each revoke their own, in one text or in several", async () => {
  const revocations = (await revoke(one, [bob])) + (await revoke(other, [carol]));
  for (const authorities of [[one.cert, other.cert], [one.cert + other.cert]]) {
    const trust = await parseCallerTrust({ authorities, revocations });
    assert.deepEqual(
      [alice, bob, carol].map((certificate) => judgeCaller(trust, certificate, now)),
      ["trusted", "revoked", "revoked"],
    );
  }
});

test("an authority of the same name with another key is another one", async () => {
  const impostor = await createCertificateAuthority("one", { now, days: 365 });
  const trust = await parseCallerTrust({ authorities: [one.cert] });
  assert.equal(judgeCaller(trust, await issue(impostor, "alice"), now), "other-authority");
  const revocations = await revoke(impostor, [alice]);
  const parsed = parseCallerTrust({ authorities: [one.cert], revocations });
  await assert.rejects(parsed, /signed by none of the authorities/);
});

test("an authority that was kept and opened again signs as before", async () => {
  const kept = await openCertificateAuthority(await exportCertificateAuthority(one));
  const dave = await issue(kept, "dave");
  const trust = await parseCallerTrust({ authorities: [one.cert], revocations: await revoke(kept, [dave]) });
  assert.equal(judgeCaller(trust, dave, now), "revoked");
  assert.equal(judgeCaller(trust, await issue(kept, "erin"), now), "trusted");
});

test("what is not an authority is refused", async () => {
  for (const authorities of [[], [""], ["hello"], [alice.toString()], [one.cert.replace("MII", "MXX")]])
    await assert.rejects(
      parseCallerTrust({ authorities }),
      hasCode("authorities-malformed"),
      String(authorities),
    );
});

test("a list that was changed, cut or is none is refused, and nobody is let in past it", async () => {
  const list = await revoke(one, [bob]);
  const at = list.length >> 1;
  const changed = list.slice(0, at) + (list[at] === "A" ? "B" : "A") + list.slice(at + 1);
  for (const revocations of [
    "hello",
    changed,
    list.replaceAll("CRL", "CERTIFICATE"),
    list.slice(0, -30),
    list + changed,
  ])
    await assert.rejects(
      parseCallerTrust({ authorities: [one.cert], revocations }),
      hasCode("revocations-malformed"),
    );
});

test("serial numbers are the same with and without zeros in front, and a long list is read", async () => {
  const revoked = Array.from({ length: 300 }, (_, index) => ({
    serial: (index + 128).toString(16).padStart(8, "0"),
    at: now,
  }));
  const list = await createRevocationList(one, { revoked, number: 7, now, nextUpdate: later(1) });
  const trust = await parseCallerTrust({ authorities: [one.cert], revocations: list });
  assert.equal(trust.revoked.size, 300);
  assert.ok([...trust.revoked].some((key) => key.endsWith(" FF")));
});

test("OpenSSL reads the list, verifies it, and refuses the certificate that is on it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-crl-"));
  const file = (name: string) => join(folder.path, name);
  await writeFile(file("ca.pem"), one.cert);
  await writeFile(file("crl.pem"), await revoke(one, [bob], 3));
  await writeFile(file("alice.pem"), alice.toString());
  await writeFile(file("bob.pem"), bob.toString());
  const openssl = (...words: string[]) =>
    execFileSync("openssl", words, { cwd: folder.path, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const text = openssl("crl", "-in", "crl.pem", "-CAfile", "ca.pem", "-noout", "-text");
  assert.match(text, /Version 2/);
  assert.match(text, new RegExp(`Serial Number: ${bob.serialNumber}`));
  assert.match(text, /X509v3 CRL Number: *\n *3/);
  const at = String(now.getTime() / 1000);
  const check = (name: string) =>
    openssl("verify", "-attime", at, "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "-crl_check", name);
  assert.match(check("alice.pem"), /OK/);
  assert.throws(() => check("bob.pem"), /revoked/);
});
