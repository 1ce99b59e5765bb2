import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { KeyError } from "./keyError.ts";
import { KEY_ROLES, TUF_ROLES, type KeySet } from "./keySet.ts";
import { encodeKeySet, mayHave, parseKeySet } from "./parseKeySet.ts";
import { encodePublicKey, toKeyId } from "./publicKeys.ts";
import { makeTestKeySet } from "./testKeys.fixture.ts";

const { keySet } = await makeTestKeySet({ root: { threshold: 2, count: 3 } });

test("a key set is read as it was written", () => {
  const signer = fc.oneof(
    fc.string({ minLength: 1 }).map((path) => ({ kind: "file" as const, path })),
    fc.array(fc.string(), { minLength: 1 }).map((argv) => ({ kind: "command" as const, argv })),
  );
  const days = fc.integer({ min: 1, max: 3660 });
  const sets = fc.record({
    development: fc.boolean(),
    rootVersion: fc.integer({ min: 1 }),
    expiryDays: fc.record(
      { root: days, targets: days, snapshot: days, timestamp: days },
      { noNullPrototype: true },
    ),
    signer,
  });
  fc.assert(
    fc.property(sets, ({ signer: reference, ...rest }) => {
      fc.pre(!JSON.stringify(reference).includes("\\u0000"));
      const root = {
        ...keySet.roles.root,
        keys: keySet.roles.root.keys.map((key) => ({ ...key, signer: reference })),
      };
      const set: KeySet = { ...rest, roles: { ...keySet.roles, root } };
      const text = encodeKeySet(set);
      assert.deepEqual(parseKeySet(text), set);
      assert.equal(encodeKeySet(parseKeySet(text)), text);
    }),
  );
});

interface Draft {
  [key: string]: unknown;
  roles: Record<string, { threshold: number; keys: Record<string, unknown>[] }>;
}

const other = generateKeyPairSync("ed25519").publicKey;
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey;

const WRONG: Record<string, { change: (draft: Draft) => void; says: RegExp }> = {
  "another apiVersion": { change: (draft) => (draft["apiVersion"] = "socle/v2"), says: /apiVersion/ },
  "an unknown key": { change: (draft) => (draft["secret"] = 1), says: /"secret"/ },
  "a role too few": { change: (draft) => delete draft.roles["db"], says: /roles\.db/ },
  "a role too many": { change: (draft) => (draft.roles["dbx"] = { threshold: 1, keys: [] }), says: /dbx/ },
  "an expiry too few": {
    change: (draft) => (draft["expiryDays"] = { root: 1 }),
    says: /expiryDays\.targets/,
  },
  "metadata for no day": {
    change: (draft) => Object.assign(draft["expiryDays"] as object, { root: 0 }),
    says: /expiryDays\.root/,
  },
  "no version": { change: (draft) => (draft["rootVersion"] = 0), says: /rootVersion/ },
  "more must sign than can": {
    change: (draft) => (draft.roles["root"]!.threshold = 4),
    says: /roles\.root\.threshold: is 4, but 3 keys are active/,
  },
  "retired keys do not count": {
    change: (draft) => draft.roles["root"]!.keys.slice(1).forEach((key) => (key["state"] = "retired")),
    says: /roles\.root\.threshold: is 2, but 1 keys are active/,
  },
  "two active keys for the firmware": {
    change: (draft) => draft.roles["provenance"]!.keys.push({ ...draft.roles["targets"]!.keys[0]! }),
    says: /roles\.provenance: has one active key/,
  },
  "one key for two roles": {
    change: (draft) => (draft.roles["snapshot"]!.keys = [{ ...draft.roles["targets"]!.keys[0]! }]),
    says: /roles\.snapshot\.keys\.0: is the same key as targets\.keys\.0/,
  },
  "an id of another key": {
    change: (draft) => (draft.roles["targets"]!.keys[0]!["id"] = toKeyId(other)),
    says: /its id is not the SHA-256/,
  },
  "a key that is none": {
    change: (draft) => (draft.roles["targets"]!.keys[0]!["publicKey"] = "x"),
    says: /not a public key/,
  },
  "a key of a kind that nobody verifies": {
    change: (draft) =>
      Object.assign(draft.roles["targets"]!.keys[0]!, {
        id: toKeyId(p384),
        publicKey: encodePublicKey(p384),
      }),
    says: /is of an unknown kind, but targets takes Ed25519 or ECDSA P-256/,
  },
  "Ed25519 for the firmware": {
    change: (draft) =>
      Object.assign(draft.roles["db"]!.keys[0]!, { id: toKeyId(other), publicKey: encodePublicKey(other) }),
    says: /is ed25519, but db takes RSA/,
  },
  "no certificate": {
    change: (draft) => delete draft.roles["db"]!.keys[0]!["certificate"],
    says: /db\.keys\.0: has no certificate/,
  },
  "a certificate for another key": {
    change: (draft) => (draft.roles["db"]!.keys[0]!["certificate"] = keySet.roles.KEK.keys[0]!.certificate),
    says: /its certificate is for another key/,
  },
  "a certificate that is none": {
    change: (draft) => (draft.roles["db"]!.keys[0]!["certificate"] = "x"),
    says: /not one of X\.509/,
  },
  "a certificate too many": {
    change: (draft) => (draft.roles["root"]!.keys[0]!["certificate"] = "x"),
    says: /has a certificate, but needs none/,
  },
  "a state of another world": {
    change: (draft) => (draft.roles["root"]!.keys[0]!["state"] = "lost"),
    says: /state/,
  },
  "a path with a NUL": {
    change: (draft) => (draft.roles["root"]!.keys[0]!["signer"] = { kind: "file", path: "a\0b" }),
    says: /holds a NUL/,
  },
  "an empty command": {
    change: (draft) => (draft.roles["root"]!.keys[0]!["signer"] = { kind: "command", argv: [] }),
    says: /argv/,
  },
};

for (const [name, { change, says }] of Object.entries(WRONG)) {
  test(`a key set is refused for ${name}`, () => {
    const draft = JSON.parse(encodeKeySet(keySet)) as Draft;
    change(draft);
    assert.throws(() => parseKeySet(JSON.stringify(draft)), { code: "keys-malformed", message: says });
  });
}

test("all problems are told at once", () => {
  const draft = JSON.parse(encodeKeySet(keySet)) as Draft;
  draft.roles["root"]!.threshold = 9;
  delete draft.roles["db"]!.keys[0]!["certificate"];
  assert.throws(() => parseKeySet(JSON.stringify(draft)), { message: /root\.threshold[^]*db\.keys\.0/ });
});

test("a private key in the wrong place is refused, and not repeated", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const body = pem.split("\n")[1]!;
  const draft = JSON.parse(encodeKeySet(keySet)) as Draft;
  draft.roles["targets"]!.keys[0]!["publicKey"] = pem;
  for (const text of [pem, `{"roles": ${pem}`, JSON.stringify(draft), JSON.stringify({ kind: pem })]) {
    assert.throws(
      () => parseKeySet(text),
      (error: unknown) =>
        error instanceof KeyError &&
        error.cause === undefined &&
        !`${error.stack}${error.hint}`.includes(body),
    );
  }
});

test("the kind of key that is made for a role is one that the role takes", () => {
  for (const [role, { algorithm }] of Object.entries(KEY_ROLES))
    assert.ok(mayHave(role as keyof typeof KEY_ROLES, algorithm));
  for (const role of TUF_ROLES) assert.ok(mayHave(role, "ecdsa-p256"));
});
