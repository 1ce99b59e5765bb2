import assert from "node:assert/strict";
import { test } from "node:test";

import {
  addGrant,
  beginRotation,
  findActiveAuthority,
  findRenewable,
  finishRotation,
  listLeftBehind,
  revokeGrants,
  verifyNewName,
  type AccessSet,
  type AuthorityRecord,
  type GrantRecord,
} from "./accessSet.ts";

const now = new Date("2026-11-22T12:00:00Z");
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
const toAuthority = (id: string): AuthorityRecord => ({
  id,
  certificate: "",
  state: "active",
  listNumber: 1,
});
const grant = (name: string, serial: string, change: Partial<GrantRecord> = {}): GrantRecord => ({
  name,
  serial,
  role: "reader",
  authority: "a",
  expires: later(30),
  revoked: null,
  ...change,
});
const set: AccessSet = {
  authorities: [toAuthority("a")],
  grants: [
    grant("alice", "AB12CD34"),
    grant("alice", "AB12EF56"),
    grant("bob", "77AA0011", { expires: later(-1) }),
    grant("carol", "99BB0022", { revoked: now }),
  ],
};
const serials = (grants: readonly GrantRecord[]) => grants.map(({ serial }) => serial);

test("somebody with access gets no second one; after its end, or a revocation, they do", () => {
  assert.throws(() => verifyNewName(set, "alice", now), {
    code: "already-granted",
    hint: /socle access renew alice/,
  });
  for (const name of ["bob", "carol", "dave"]) verifyNewName(set, name, now);
});

test("a name revokes all its good certificates, a number that one", () => {
  assert.deepEqual(serials(revokeGrants(set, "alice", now).revoked), ["AB12CD34", "AB12EF56"]);
  const { revoked, set: changed } = revokeGrants(set, "00:ab:12:cd", now);
  assert.deepEqual(serials(revoked), ["AB12CD34"]);
  assert.deepEqual(
    changed.grants.map(({ revoked: at }) => at),
    [now, null, null, now],
  );
  for (const who of ["bob", "carol", "dave", "99BB0022", "AB12"])
    assert.throws(() => revokeGrants(set, who, now), { code: "not-granted" }, who);
  const alike = addGrant(set, grant("erin", "AB12CD99"));
  assert.throws(() => revokeGrants(alike, "AB12CD", now), /write more/);
});

test("the latest certificate is renewed, also when it has ended, not when it was revoked", () => {
  assert.equal(findRenewable(set, "alice").serial, "AB12EF56");
  assert.equal(findRenewable(set, "bob").serial, "77AA0011");
  for (const name of ["carol", "dave"])
    assert.throws(() => findRenewable(set, name), { code: "not-granted" });
});

test("a rotation has two authorities until it is finished, and tells who would be left behind", () => {
  const rotating = beginRotation(set, toAuthority("b"));
  assert.deepEqual(
    rotating.authorities.map(({ id, state }) => `${id} ${state}`),
    ["a retiring", "b active"],
  );
  assert.equal(findActiveAuthority(rotating).id, "b");
  assert.throws(() => beginRotation(rotating, toAuthority("c")), { code: "rotation-unclear" });
  assert.deepEqual(serials(listLeftBehind(rotating, now)), ["AB12CD34", "AB12EF56"]);
  const renewed = addGrant(rotating, grant("alice", "CC", { authority: "b" }));
  assert.deepEqual(listLeftBehind(renewed, now), []);
  const finished = finishRotation(renewed);
  assert.deepEqual(
    finished.authorities.map(({ id }) => id),
    ["b"],
  );
  assert.deepEqual(serials(finished.grants), ["CC"]);
  assert.throws(() => finishRotation(finished), { code: "rotation-unclear" });
});
