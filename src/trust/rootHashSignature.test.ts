import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { parseSha256 } from "#release/sha256.ts";

import { makeTestSigner, type TestSigner } from "./certifiedSigner.fixture.ts";
import { signRootHash, verifyRootHashSignature } from "./rootHashSignature.ts";
import { SignatureError, type SignatureErrorCode } from "./signatureError.ts";

const ROOT_HASH = parseSha256("5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9");
const OTHER_HASH = parseSha256("6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");

const rsa = await makeTestSigner("rsa");
const ecdsa = await makeTestSigner("ecdsa");
const folder = await mkdtemp(join(tmpdir(), "root-hash-signature-"));
after(() => rm(folder, { recursive: true }));

async function openssl(signer: TestSigner, args: readonly string[]): Promise<Buffer> {
  await writeFile(join(folder, "key"), signer.keyPem, { mode: 0o600 });
  await writeFile(join(folder, "certificate"), signer.certificatePem);
  const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return readFile(join(folder, "out"));
}

function signByOpenssl(signer: TestSigner): Promise<Buffer> {
  const words =
    "smime -sign -nocerts -noattr -binary -in hash -outform der -out out -signer certificate -inkey key";
  return openssl(signer, words.split(" "));
}

await writeFile(join(folder, "hash"), ROOT_HASH);

test("an RSA signature is byte for byte that of openssl smime", async () => {
  assert.deepEqual(Buffer.from(await signRootHash(ROOT_HASH, rsa)), await signByOpenssl(rsa));
});

for (const [kind, signer] of [
  ["RSA", rsa],
  ["ECDSA", ecdsa],
] as const) {
  test(`${kind}: openssl accepts what is signed here, and here what openssl signs is accepted`, async () => {
    await writeFile(join(folder, "signature"), await signRootHash(ROOT_HASH, signer));
    const words =
      "smime -verify -binary -inform der -in signature -content hash -certfile certificate -nointern -noverify";
    const content = await openssl(signer, [...words.split(" "), "-out", "out"]);
    assert.equal(content.toString(), ROOT_HASH);
    verifyRootHashSignature(ROOT_HASH, await signByOpenssl(signer), signer.certificate);
  });
}

test("another hash, another key and another form are refused", async () => {
  const signature = await signRootHash(ROOT_HASH, rsa);
  // The same name and serial number would not help: only the key counts.
  const other = await makeTestSigner("rsa");
  assertRefused("signature-wrong", () => verifyRootHashSignature(OTHER_HASH, signature, rsa.certificate));
  assertRefused("signature-wrong", () => verifyRootHashSignature(ROOT_HASH, signature, other.certificate));
  for (const bytes of [
    Buffer.alloc(0),
    signature.subarray(0, -1),
    Buffer.concat([signature, Buffer.alloc(1)]),
  ])
    assertRefused("signature-malformed", () => verifyRootHashSignature(ROOT_HASH, bytes, rsa.certificate));
  const withCertificate = await openssl(
    rsa,
    "smime -sign -noattr -binary -in hash -outform der -out out -signer certificate -inkey key".split(" "),
  );
  assertRefused("signature-malformed", () =>
    verifyRootHashSignature(ROOT_HASH, withCertificate, rsa.certificate),
  );
});

test("a signer whose key or signature is not right is found out", async () => {
  const refusal = (code: SignatureErrorCode) => (error: unknown) =>
    error instanceof SignatureError && error.code === code;
  const { certificate } = ecdsa;
  await assert.rejects(signRootHash(ROOT_HASH, { ...rsa, certificate }), refusal("key-unsuitable"));
  const sign = () => ecdsa.sign(Buffer.from(OTHER_HASH));
  await assert.rejects(signRootHash(ROOT_HASH, { ...ecdsa, sign }), refusal("signature-wrong"));
  const longer = Buffer.concat([certificate, Buffer.alloc(1)]);
  await assert.rejects(signRootHash(ROOT_HASH, { ...ecdsa, certificate: longer }), refusal("key-unsuitable"));
});

function assertRefused(code: SignatureErrorCode, work: () => void): void {
  assert.throws(work, (error) => error instanceof SignatureError && error.code === code);
}
