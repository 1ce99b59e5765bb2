/** Of whatever is signed, the flips of its bits one after the other: too many for the quick tests beside the code. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { parseSha256 } from "#release/sha256.ts";
import { signPortableExecutable, verifyPortableExecutable } from "#trust/authenticode.ts";
import { makeTestSigner } from "#trust/certifiedSigner.fixture.ts";
import { everyBit, findAcceptedFlips } from "#trust/flipBit.fixture.ts";
import { encodeIpePolicy, signIpePolicy, verifyIpePolicy } from "#trust/ipePolicy.ts";
import { signRootHash, verifyRootHashSignature } from "#trust/rootHashSignature.ts";
import { SignatureError } from "#trust/signatureError.ts";
import { makeSmallImage, SMALL_IMAGE_FIELDS } from "#trust/smallImage.fixture.ts";
import { makeTestKeySet, TEST_NOW } from "#trust/testKeys.fixture.ts";
import { createRootMetadata, verifyRootChain } from "#trust/tufRoot.ts";

const ROOT_HASH = parseSha256("5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9");
const POLICY = encodeIpePolicy({ name: "socle", version: "1.2.3" });
const rsa = await makeTestSigner("rsa");
const ecdsa = await makeTestSigner("ecdsa");

for (const [kind, signer, signatureBytes] of [
  ["RSA", rsa, 256],
  ["ECDSA", ecdsa, 64],
] as const) {
  test(`${kind}: every single flipped bit of a signed root hash is refused`, async () => {
    const signature = await signRootHash(ROOT_HASH, signer);
    // Of the signature value itself a part is enough; what is around it is covered by nothing but our own checks.
    const valueAt = (signature.length - signatureBytes) * 8;
    const bits = [...everyBit(signature)].filter((bit) => bit < valueAt || bit % 9 === 0);
    const verify = (changed: Uint8Array) => verifyRootHashSignature(ROOT_HASH, changed, signer.certificate);
    verify(signature);
    assert.deepEqual(findAcceptedFlips(signature, bits, verify, isRefusal), []);
  });

  test(`${kind}: a flipped bit of an execution policy is refused, wherever it is`, async () => {
    const signed = await signIpePolicy(POLICY, signer);
    const verify = (changed: Uint8Array) => verifyIpePolicy(changed, signer.certificate);
    const bits = [...everyBit(signed)].filter((bit) => bit < 30 * 8 || bit % 29 === 0);
    assert.ok(bits.length > 500);
    assert.deepEqual(findAcceptedFlips(signed, bits, verify, isRefusal), []);
  });
}

test("of the fields of an image that the digest leaves out and around them, only flips of the checksum are accepted", async () => {
  const { checksum, certificateEntry } = SMALL_IMAGE_FIELDS;
  const image = makeSmallImage({ overlay: Buffer.from("13 odd bytes.") });
  const signed = Buffer.from(await signPortableExecutable(image, rsa));
  const tableAt = signed.readUInt32LE(certificateEntry);
  const verify = (changed: Uint8Array) => verifyPortableExecutable(changed, rsa.certificate);
  const bits = [...everyBit(signed)];
  const fields = bits.slice((checksum - 8) * 8, (certificateEntry + 16) * 8);
  const frame = bits.slice((tableAt - 3) * 8, (tableAt + 16) * 8);
  const signature = bits.slice((tableAt + 16) * 8).filter((_, index) => index % 37 === 0);
  const padding = bits.slice(-8 * 8);
  assert.deepEqual(
    findAcceptedFlips(signed, [...fields, ...frame, ...signature, ...padding], verify, isRefusal),
    Array.from({ length: 32 }, (_, bit) => checksum * 8 + bit),
  );
});

test("root metadata with any changed bit are refused, unless they still say the same", async () => {
  const { keySet, signers } = await makeTestKeySet({ root: { threshold: 2, count: 3 } });
  const first = await createRootMetadata(keySet, [], signers.root.slice(0, 2), TEST_NOW);
  const wanted = meaning(first);
  const bytes = Buffer.from(first);
  let refused = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ (1 << (at % 8));
    const text = changed.toString("latin1");
    if (meaning(text) === wanted) continue;
    assert.throws(
      () => verifyRootChain([text]),
      { code: "root-metadata-malformed" },
      `bit ${at % 8} of byte ${at}`,
    );
    refused += 1;
  }
  assert.ok(refused > bytes.length * 0.8);
});

/** The case of the hex digits of a signature carries nothing. */
function meaning(text: string): string | undefined {
  try {
    const { signatures, signed } = JSON.parse(text) as { signatures: object[]; signed: object };
    return JSON.stringify([JSON.stringify(signatures).toLowerCase(), signed]);
  } catch {
    return undefined;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof SignatureError && error.code.startsWith("signature-");
}
