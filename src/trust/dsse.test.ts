import assert from "node:assert/strict";
import { generateKeyPairSync, sign, verify as verifyRaw } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { signDsse, verifyDsse, type DsseSigner, type TrustedKey } from "./dsse.ts";
import { everyBit, findAcceptedFlips } from "./flipBit.fixture.ts";
import { SignatureError, type SignatureErrorCode } from "./signatureError.ts";

const TYPE = "application/vnd.in-toto+json";
const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');

type TestKey = DsseSigner & TrustedKey;

function makeKey(keyId: string, kind: "ed25519" | "rsa"): TestKey {
  const { publicKey, privateKey } =
    kind === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ed25519");
  const hash = kind === "rsa" ? "sha256" : null;
  return {
    keyId,
    publicKey,
    signer: { publicKey, sign: (data) => Promise.resolve(sign(hash, data, privateKey)) },
  };
}

const alice = makeKey("alice", "ed25519");
const bob = makeKey("bob", "rsa");
const mallory = makeKey("mallory", "ed25519");

interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid?: string; sig: string }[];
}
const parse = (envelope: string) => JSON.parse(envelope) as Envelope; // of our own making

test("any payload of any type comes back as it was signed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1, unit: "grapheme" }),
      fc.uint8Array(),
      async (type, payload) => {
        const envelope = await signDsse(type, payload, [alice]);
        const read = verifyDsse(envelope, [alice], 1);
        assert.equal(read.payloadType, type);
        assert.deepEqual(Buffer.from(read.payload), Buffer.from(payload));
      },
    ),
    { numRuns: 50 },
  );
});

test("the envelope is one line in the form of the specification, and signs its pre-authentication encoding", async () => {
  // The example of the specification: protocol.md, "Test vectors" for the encoding.
  const envelope = await signDsse("http://example.com/HelloWorld", Buffer.from("hello world"), [alice]);
  assert.doesNotMatch(envelope, /\n/);
  const { payloadType, payload, signatures } = parse(envelope);
  assert.deepEqual([payloadType, payload], ["http://example.com/HelloWorld", "aGVsbG8gd29ybGQ="]);
  const [{ keyid, sig } = { keyid: "", sig: "" }] = signatures;
  assert.equal(keyid, "alice");
  const encoded = Buffer.from("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  assert.ok(verifyRaw(null, encoded, alice.publicKey, Buffer.from(sig, "base64")));
});

test("Ed25519 and RSA keys count alike towards the threshold", async () => {
  const both = await signDsse(TYPE, PAYLOAD, [alice, bob]);
  verifyDsse(both, [alice, bob], 2);
  verifyDsse(both, [alice], 1);
  verifyDsse(both, [bob], 1);
  const one = await signDsse(TYPE, PAYLOAD, [bob]);
  assertRefused("signature-missing", () => verifyDsse(one, [alice, bob], 2));
});

test("signatures by unknown keys change nothing", async () => {
  const envelope = await signDsse(TYPE, PAYLOAD, [mallory, alice]);
  verifyDsse(envelope, [alice], 1);
  assertRefused("signature-missing", () => verifyDsse(envelope, [alice, bob], 2));
  assertRefused("signature-missing", () => verifyDsse(envelope, [bob], 1));
});

test("one key counts once: signing twice, or being trusted under two names, does not help", async () => {
  const alias = { ...alice, keyId: "alias" };
  const envelope = await signDsse(TYPE, PAYLOAD, [alice, alice, alias]);
  verifyDsse(envelope, [alice, alias], 1);
  assertRefused("signature-missing", () => verifyDsse(envelope, [alice, alias, bob], 2));
});

test("another's signature under a trusted name is wrong", async () => {
  const envelope = await signDsse(TYPE, PAYLOAD, [{ ...mallory, keyId: "alice" }]);
  assertRefused("signature-wrong", () => verifyDsse(envelope, [alice], 1));
});

test("a key that is not named is found among the trusted", async () => {
  const envelope = parse(await signDsse(TYPE, PAYLOAD, [bob]));
  for (const signature of envelope.signatures) delete signature.keyid;
  verifyDsse(JSON.stringify(envelope), [alice, bob], 1);
  assertRefused("signature-wrong", () => verifyDsse(JSON.stringify(envelope), [alice], 1));
});

for (const key of [alice, bob]) {
  test(`every flipped bit of an envelope signed by ${key.keyId} is refused`, async () => {
    const envelope = Buffer.from(await signDsse(TYPE, PAYLOAD, [key]));
    const verify = (changed: Uint8Array) => void verifyDsse(Buffer.from(changed).toString(), [key], 1);
    verify(envelope);
    assert.deepEqual(findAcceptedFlips(envelope, everyBit(envelope), verify, isRefusal), []);
  });
}

test("of two signatures that are wanted, a flipped bit of either is refused", async () => {
  const envelope = Buffer.from(await signDsse(TYPE, PAYLOAD, [alice, bob]));
  const verify = (changed: Uint8Array) => void verifyDsse(Buffer.from(changed).toString(), [alice, bob], 2);
  const bits = [...everyBit(envelope)].filter((bit) => bit % 3 === 0);
  assert.deepEqual(findAcceptedFlips(envelope, bits, verify, isRefusal), []);
});

const good = parse(await signDsse(TYPE, PAYLOAD, [alice]));
for (const [what, text] of [
  ["nothing", ""],
  ["a text that is cut", JSON.stringify(good).slice(0, -1)],
  ["a list", "[]"],
  ["no signatures", JSON.stringify({ ...good, signatures: [] })],
  ["a further key", JSON.stringify({ ...good, comment: "" })],
  ["an empty type", JSON.stringify({ ...good, payloadType: "" })],
  ["a payload that is not base64", JSON.stringify({ ...good, payload: "{}" })],
  ["a payload in URL-safe base64", JSON.stringify({ ...good, payload: "-_8=" })],
  ["a signature that is a number", JSON.stringify({ ...good, signatures: [{ keyid: "alice", sig: 1 }] })],
] as const) {
  test(`${what} is not an envelope`, () =>
    assertRefused("signature-malformed", () => verifyDsse(text, [alice], 1)));
}

test("a threshold under one would accept anything, and is a mistake", () => {
  for (const threshold of [0, -1, 0.5, Number.NaN])
    assert.throws(() => verifyDsse(JSON.stringify(good), [alice], threshold), TypeError);
});

test("a signer that makes no signature by its key is found out", async () => {
  const signer = { publicKey: alice.publicKey, sign: (data: Uint8Array) => mallory.signer.sign(data) };
  await assert.rejects(signDsse(TYPE, PAYLOAD, [{ keyId: "alice", signer }]), hasCode("signature-wrong"));
});

function hasCode(code: SignatureErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof SignatureError && error.code === code;
}

function isRefusal(error: unknown): boolean {
  return error instanceof SignatureError;
}

function assertRefused(code: SignatureErrorCode, work: () => void): void {
  assert.throws(work, hasCode(code));
}
