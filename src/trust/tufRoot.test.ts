import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { Metadata, MetadataKind } from "@tufjs/models";
import { rotateKeys } from "./changeKeySet.ts";
import { toTufKey } from "./signTufMetadata.ts";
import type { KeySet } from "./keySet.ts";
import { makeTestKey, makeTestKeySet, TEST_NOW, toTestSigner } from "./testKeys.fixture.ts";
import { createRootMetadata, verifyRootChain, verifyRootNames } from "./tufRoot.ts";

const { keySet, signers } = await makeTestKeySet({ root: { threshold: 2, count: 3 } });
const [a, b, c] = signers.root;
const first = await createRootMetadata(keySet, [], [a!, b!], TEST_NOW);

async function rotate(set: KeySet, role: "root" | "timestamp") {
  const fresh = await Promise.all(set.roles[role].keys.map(() => makeTestKey(role)));
  const change = {
    fresh: fresh.map(({ record }) => record),
    retire: set.roles[role].keys,
    threshold: set.roles[role].threshold,
  };
  return { set: rotateKeys(set, role, change), fresh: fresh.map(({ signer }) => signer) };
}

test("the first root metadata name every role's keys and threshold, and expire after the days of the set", () => {
  const { signed } = JSON.parse(first) as {
    signed: Record<string, unknown> & { roles: Record<string, unknown> };
  };
  assert.deepEqual(Object.keys(signed.roles), ["root", "targets", "snapshot", "timestamp"]);
  assert.deepEqual(signed.roles["root"], {
    keyids: signers.root.map(({ publicKey }) => toTufKey(publicKey).keyID),
    threshold: 2,
  });
  assert.equal(signed["version"], 1);
  assert.equal(signed["expires"], "2027-11-22T12:34:56Z");
  assert.equal(signed["consistent_snapshot"], true);
});

test("any two of three root keys are enough, one is not, and one twice is one", async () => {
  for (const two of [
    [a!, b!],
    [b!, c!],
    [c!, a!],
  ])
    await createRootMetadata(keySet, [], two, TEST_NOW);
  for (const few of [[], [a!], [a!, a!], [a!, ...signers.targets]])
    await assert.rejects(createRootMetadata(keySet, [], few, TEST_NOW), { code: "root-metadata-malformed" });
});

test("new root keys are trusted through both the old and the new ones, over several versions", async () => {
  const second = await rotate(keySet, "timestamp");
  const texts = [first, await createRootMetadata(second.set, [first], [b!, c!], TEST_NOW)];
  const third = await rotate(second.set, "root");
  const oldAndNew = [a!, c!, ...third.fresh.slice(0, 2)];
  for (const few of [third.fresh, [a!, b!, c!], [a!, ...third.fresh], [a!, b!, third.fresh[0]!]])
    await assert.rejects(createRootMetadata(third.set, texts, few, TEST_NOW), {
      code: "root-metadata-malformed",
    });
  texts.push(await createRootMetadata(third.set, texts, oldAndNew, TEST_NOW));
  const fourth = await rotate(third.set, "root");
  texts.push(await createRootMetadata(fourth.set, texts, [...third.fresh, ...fourth.fresh], TEST_NOW));
  assert.equal(verifyRootChain(texts).version, 4);
  for (const wrong of [texts.slice(1), [texts[0]!, texts[2]!], [...texts, texts[3]!], texts.toReversed(), []])
    assert.throws(() => verifyRootChain(wrong), { code: "root-metadata-malformed" });
});

test("keys.json that was changed by hand does not go with the root metadata", () => {
  const root = verifyRootChain([first]);
  verifyRootNames(keySet, root);
  const other = { ...keySet, roles: { ...keySet.roles, root: { ...keySet.roles.root, threshold: 1 } } };
  assert.throws(() => verifyRootNames(other, root), { code: "keys-malformed", message: /of root$/ });
  const swapped = {
    ...keySet,
    roles: { ...keySet.roles, targets: keySet.roles.snapshot, snapshot: keySet.roles.targets },
  };
  assert.throws(() => verifyRootNames(swapped, root), { message: /of targets, snapshot$/ });
});

test("a key that speaks P-256 only can be a root key", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = toTufKey(publicKey);
  assert.deepEqual(key.toJSON()["keytype"], "ecdsa");
  const { record } = await makeTestKey("root");
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const set = {
    ...keySet,
    roles: { ...keySet.roles, root: { threshold: 1, keys: [{ ...record, publicKey: pem }] } },
  };
  const text = await createRootMetadata(set, [], [toTestSigner(publicKey, privateKey)], TEST_NOW);
  const metadata = Metadata.fromJSON(MetadataKind.Root, JSON.parse(text));
  metadata.verifyDelegate("root", metadata);
});

test("key ids are those of the specification", () => {
  // SHA-256 of the key in canonical form (TUF 1.0, 4.2.1), as Python's json and hashlib make it.
  const text = "edcd0a32a07dce33f7c7873aaffbff36d20ea30787574ead335eefd337e4dacd";
  const spki = Buffer.from(`302a300506032b6570032100${text}`, "hex");
  const key = toTufKey(createPublicKey({ key: spki, format: "der", type: "spki" }));
  assert.equal(key.keyVal["public"], text);
  assert.equal(key.keyID, "2345a90ad8d76f3677f9ad6695b0ba0b5c7b7fbf27fb0ed35fbdf7b71264a679");
});
