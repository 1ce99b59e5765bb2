import assert from "node:assert/strict";
import { test } from "node:test";
import { findKey, renewRoot, revokeKey, rotateKeys } from "./changeKeySet.ts";
import { activeKeys, KEY_ROLE_NAMES, type KeyRole, type KeySet } from "./keySet.ts";
import { encodeKeySet } from "./parseKeySet.ts";
import { planKeyExport, trustedKeys } from "./planKeyExport.ts";
import { decodeSignatureLists } from "./efiSignatureList.ts";
import { decodeCertificate } from "./secureBootCertificate.ts";
import { makeTestKey, makeTestKeySet } from "./testKeys.fixture.ts";

const { keySet } = await makeTestKeySet({ root: { threshold: 2, count: 3 } });
const spareDb = (await makeTestKey("db")).record;
const spareTargets = (await makeTestKey("targets")).record;

const states = (set: KeySet, role: KeyRole) => set.roles[role].keys.map(({ state }) => state);
const rotate = (set: KeySet, role: KeyRole, fresh: (typeof spareDb)[]) =>
  rotateKeys(set, role, { fresh, retire: activeKeys(set, role), threshold: set.roles[role].threshold });

test("rotating a role retires its keys, and a TUF role's counts the root metadata up", () => {
  const targets = rotate(keySet, "targets", [spareTargets]);
  assert.deepEqual(states(targets, "targets"), ["retired", "active"]);
  assert.equal(targets.rootVersion, 2);
  const db = rotate(keySet, "db", [spareDb]);
  assert.deepEqual(states(db, "db"), ["retired", "active"]);
  assert.equal(db.rootVersion, 1);
  for (const set of [targets, db]) encodeKeySet(set);
});

test("a revoked key stays revoked when its role is rotated", () => {
  const one = keySet.roles.root.keys[0]!;
  const revoked = revokeKey(keySet, { role: "root", key: one });
  assert.deepEqual(states(revoked, "root"), ["revoked", "active", "active"]);
  assert.deepEqual(states(rotate(revoked, "root", []), "root"), ["revoked", "retired", "retired"]);
});

test("the last key that can sign is not revoked: a new one comes first", () => {
  for (const role of KEY_ROLE_NAMES.filter((name) => name !== "root")) {
    assert.throws(() => revokeKey(keySet, { role, key: keySet.roles[role].keys[0]! }), {
      code: "last-key",
      hint: `First make a new one: socle keys rotate ${role}`,
    });
  }
  const two = revokeKey(keySet, { role: "root", key: keySet.roles.root.keys[0]! });
  assert.throws(() => revokeKey(two, { role: "root", key: keySet.roles.root.keys[1]! }), {
    code: "last-key",
    message: /2 must sign, and 1 would be left/,
  });
});

test("revoking what is retired needs no signature: no root metadata name it", () => {
  const rotated = rotate(keySet, "targets", [spareTargets]);
  const revoked = revokeKey(rotated, { role: "targets", key: rotated.roles.targets.keys[0]! });
  assert.deepEqual(states(revoked, "targets"), ["revoked", "active"]);
  assert.equal(revoked.rootVersion, rotated.rootVersion);
  assert.equal(renewRoot(revoked).rootVersion, rotated.rootVersion + 1);
});

test("a key is found by the beginning of its id, if that is enough to tell it", () => {
  const { id } = keySet.roles.db.keys[0]!;
  assert.equal(findKey(keySet, id.slice(0, 12)).role, "db");
  for (const unclear of ["", "x", `${id}0`])
    assert.throws(() => findKey(keySet, unclear), { code: "key-unknown" });
});

test("a retired certificate stays enrolled, a revoked one goes to dbx, and of PK there is one", () => {
  const rotated = rotate(rotate(keySet, "db", [spareDb]), "PK", []);
  const listed = (set: KeySet, name: string) => {
    const file = planKeyExport(set, ["{}"]).find((entry) => entry.name === name);
    return file === undefined
      ? undefined
      : decodeSignatureLists(Buffer.from(file.content)).map(({ certificate }) =>
          Buffer.from(certificate).toString("hex"),
        );
  };
  const der = (pem: string) => Buffer.from(decodeCertificate(pem).der).toString("hex");
  const old = keySet.roles.db.keys[0]!;
  assert.deepEqual(listed(rotated, "db.esl"), [der(spareDb.certificate!), der(old.certificate!)]);
  assert.equal(listed(rotated, "dbx.esl"), undefined);
  const revoked = revokeKey(rotated, findKey(rotated, old.id));
  assert.deepEqual(listed(revoked, "db.esl"), [der(spareDb.certificate!)]);
  assert.deepEqual(listed(revoked, "dbx.esl"), [der(old.certificate!)]);
  assert.deepEqual(trustedKeys(rotated, "PK"), []);
});

test("what is exported is public", () => {
  const files = planKeyExport(rotate(keySet, "db", [spareDb]), ["first", "second"]);
  const names = files.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.includes(`db-${keySet.roles.db.keys[0]!.id.slice(0, 12)}.crt`));
  assert.equal(files.find(({ name }) => name === "root.json")?.content, "second");
  for (const { content } of files) assert.doesNotMatch(Buffer.from(content).toString("latin1"), /PRIVATE/);
});
