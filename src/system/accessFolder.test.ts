import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { chmod, mkdtempDisposable, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { judgeCaller, parseCallerTrust } from "#trust/callerTrust.ts";

import {
  createAccessFolder,
  finishAuthorityRotation,
  grantAccess,
  readAccessFolder,
  readMachineTrust,
  renewAccess,
  revokeAccess,
  rotateAuthority,
  type Granted,
} from "./accessFolder.ts";

const now = new Date("2026-11-22T12:00:00Z");

async function makeFolder() {
  const base = await mkdtempDisposable(join(tmpdir(), "socle-access-"));
  const folder = join(base.path, "socle", "access");
  await createAccessFolder(folder, { name: "test", now });
  return { folder, [Symbol.asyncDispose]: () => base.remove() };
}

/** What a machine with this folder's trust makes of a certificate. */
async function judge(folder: string, { certificate }: Granted): Promise<string> {
  const trust = await parseCallerTrust(await readMachineTrust(folder));
  return judgeCaller(trust, new X509Certificate(certificate.cert), now);
}

test("people are granted, renewed and revoked, and machines see it as it is", async () => {
  await using access = await makeFolder();
  const { folder } = access;
  const alice = await grantAccess(folder, { name: "alice", role: "operator", days: 30, now });
  const bob = await grantAccess(folder, { name: "bob", role: "reader", days: 1, now });
  assert.equal(new X509Certificate(alice.certificate.cert).subject, "O=operator\nCN=alice");
  assert.equal(alice.grant.expires.toISOString(), "2026-12-22T12:00:00.000Z");
  assert.deepEqual([await judge(folder, alice), await judge(folder, bob)], ["trusted", "trusted"]);
  await assert.rejects(grantAccess(folder, { name: "bob", role: "admin", days: 1, now }), {
    code: "already-granted",
  });

  const again = await renewAccess(folder, { name: "alice", days: 60, now });
  assert.equal(again.grant.role, "operator");
  assert.notEqual(again.certificate.key, alice.certificate.key);
  assert.deepEqual([await judge(folder, alice), await judge(folder, again)], ["trusted", "trusted"]);
  assert.equal((await revokeAccess(folder, alice.grant.serial, now)).length, 1);
  assert.deepEqual([await judge(folder, alice), await judge(folder, again)], ["revoked", "trusted"]);
  await revokeAccess(folder, "alice", now);
  assert.deepEqual([await judge(folder, again), await judge(folder, bob)], ["revoked", "trusted"]);
  await assert.rejects(renewAccess(folder, { name: "alice", days: 1, now }), { code: "not-granted" });
});

test("a new authority stands beside the old one until the rotation is finished", async () => {
  await using access = await makeFolder();
  const { folder } = access;
  const alice = await grantAccess(folder, { name: "alice", role: "reader", days: 30, now });
  const bob = await grantAccess(folder, { name: "bob", role: "reader", days: 30, now });
  await revokeAccess(folder, "bob", now);
  await rotateAuthority(folder, { name: "test", now });
  const again = await renewAccess(folder, { name: "alice", days: 30, now });
  assert.deepEqual(
    [await judge(folder, alice), await judge(folder, again), await judge(folder, bob)],
    ["trusted", "trusted", "revoked"],
  );
  await finishAuthorityRotation(folder, now);
  assert.deepEqual([await judge(folder, alice), await judge(folder, again)], ["other-authority", "trusted"]);
  assert.equal((await readdir(join(folder, "private"))).length, 1);
});

test("changes at once are all kept, and private keys are for their owner alone", async () => {
  await using access = await makeFolder();
  const { folder } = access;
  const names = ["a", "b", "c", "d"];
  await Promise.all(names.map((name) => grantAccess(folder, { name, role: "reader", days: 1, now })));
  const { grants } = await readAccessFolder(folder);
  assert.deepEqual(grants.map(({ name }) => name).toSorted(), names);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isPrivate = path.startsWith(join(folder, "private"));
    if (isPrivate) assert.equal((await stat(path)).mode & 0o777, entry.isFile() ? 0o600 : 0o700, path);
    else if (entry.isFile()) assert.doesNotMatch(await readFile(path, "utf8"), /PRIVATE KEY/, path);
  }
});

test("what cannot be used is said, and nothing of a key with it", async () => {
  await using access = await makeFolder();
  const { folder } = access;
  const grant = (days = 1) => grantAccess(folder, { name: "alice", role: "reader", days, now });
  await assert.rejects(createAccessFolder(folder, { name: "x", now }), { code: "access-exists" });
  await assert.rejects(grant(366), { code: "lifetime-too-long" });
  await assert.rejects(readAccessFolder(join(folder, "no")), {
    code: "access-missing",
    hint: /socle access init/,
  });
  const [name = ""] = await readdir(join(folder, "private"));
  const path = join(folder, "private", name);
  const pem = await readFile(path, "utf8");
  await chmod(path, 0o640);
  await assert.rejects(grant(), { code: "key-file-exposed" });
  await chmod(path, 0o600);
  await writeFile(path, pem.slice(0, 100));
  await assert.rejects(grant(), (error: Error) => {
    assert.match(error.message, /is not the private key/);
    assert.ok(!String(error.stack).includes(pem.slice(40, 80)));
    return true;
  });
  await writeFile(join(folder, "access.json"), "{}");
  await assert.rejects(grant(), { code: "access-malformed" });
});
