import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import fc from "fast-check";

import { PortableExecutableError } from "#boot/portableExecutable.ts";

import {
  readAuthenticodeSignatures,
  signPortableExecutable,
  verifyPortableExecutable,
} from "./authenticode.ts";
import { makeTestSigner } from "./certifiedSigner.fixture.ts";
import { flipBit } from "./flipBit.fixture.ts";
import { SignatureError, type SignatureErrorCode } from "./signatureError.ts";
import { makeSmallImage, SMALL_IMAGE_FIELDS } from "./smallImage.fixture.ts";

const rsa = await makeTestSigner("rsa");
const ecdsa = await makeTestSigner("ecdsa");
const image = makeSmallImage({ overlay: Buffer.from("13 odd bytes.") });
const signed = Buffer.from(await signPortableExecutable(image, rsa));
const tableAt = signed.readUInt32LE(SMALL_IMAGE_FIELDS.certificateEntry);

const verify = (changed: Uint8Array) => verifyPortableExecutable(changed, rsa.certificate);

test("a signed image is the image, padded to 8 bytes, and a signature; only three fields are changed", () => {
  const restored = Buffer.from(signed.subarray(0, image.length));
  restored.fill(0, SMALL_IMAGE_FIELDS.checksum, SMALL_IMAGE_FIELDS.checksum + 4);
  restored.fill(0, SMALL_IMAGE_FIELDS.certificateEntry, SMALL_IMAGE_FIELDS.certificateEntry + 8);
  assert.deepEqual(restored, image);
  assert.equal(tableAt, image.length + 3);
  assert.deepEqual(signed.subarray(image.length, tableAt), Buffer.alloc(3));
  assert.equal(signed.length % 8, 0);
  assert.equal(signed.readUInt32LE(SMALL_IMAGE_FIELDS.certificateEntry + 4), signed.length - tableAt);
});

test("what is signed is the digest of the image without checksum, table entry and table", () => {
  const { checksum, certificateEntry } = SMALL_IMAGE_FIELDS;
  const digest = createHash("sha256")
    .update(image.subarray(0, checksum))
    .update(image.subarray(checksum + 4, certificateEntry))
    .update(image.subarray(certificateEntry + 8))
    .update(Buffer.alloc(3))
    .digest();
  assert.ok(signed.subarray(tableAt).includes(digest));
});

for (const [kind, signer] of [
  ["RSA", rsa],
  ["ECDSA", ecdsa],
] as const) {
  test(`${kind}: an image signed here is accepted here, with its own certificate only`, async () => {
    const bytes = await signPortableExecutable(image, signer);
    verifyPortableExecutable(bytes, signer.certificate);
    const other = signer === rsa ? ecdsa : await makeTestSigner("ecdsa", "test ecdsa"); // the same name, another key
    assertRefused("signature-wrong", () => verifyPortableExecutable(bytes, other.certificate));
    assert.equal(readAuthenticodeSignatures(bytes).length, 1);
  });
}

test("one image and one RSA key give one file", async () => {
  assert.deepEqual(Buffer.from(await signPortableExecutable(image, rsa)), signed);
});

test("a flip anywhere but in the checksum is refused", () => {
  const { checksum } = SMALL_IMAGE_FIELDS;
  const isChecksum = (bit: number) => bit >> 3 >= checksum && bit >> 3 < checksum + 4;
  const bits = fc.nat(signed.length * 8 - 1).filter((bit) => !isChecksum(bit));
  fc.assert(
    fc.property(bits, (bit) => assert.throws(() => verify(flipBit(signed, bit)), isRefusal)),
    { numRuns: 200 },
  );
});

test("an image that is cut, longer, unsigned or signed twice is refused", async () => {
  fc.assert(
    fc.property(fc.nat(signed.length - 1), (length) =>
      assert.throws(() => verify(signed.subarray(0, length)), isRefusal),
    ),
  );
  assertRefused("signature-malformed", () => verify(Buffer.concat([signed, Buffer.alloc(8)])));
  assertRefused("signature-missing", () => verify(image));
  const table = signed.subarray(tableAt);
  const twice = Buffer.concat([signed, table]);
  twice.writeUInt32LE(table.length * 2, SMALL_IMAGE_FIELDS.certificateEntry + 4);
  assert.equal(readAuthenticodeSignatures(twice).length, 2);
  assertRefused("signature-malformed", () => verify(twice));
  await assert.rejects(signPortableExecutable(signed, rsa), hasCode("already-signed"));
});

test("a signature of another image does not fit", async () => {
  const other = Buffer.from(await signPortableExecutable(makeSmallImage({ overlay: Buffer.alloc(16) }), rsa));
  const [signature = Buffer.alloc(0)] = readAuthenticodeSignatures(other);
  const moved = Buffer.from(signed);
  moved.set(signature, tableAt + 8);
  assertRefused("signature-wrong", () => verify(moved));
});

for (const [what, bytes] of [
  ["gaps between its sections", makeSmallImage({ gapBytes: 512 })],
  ["no room for a certificate table", makeSmallImage({ directories: 4 })],
  ["sections that end after the file", makeSmallImage().subarray(0, -1)],
] as const) {
  test(`an image with ${what} is not signed`, async () => {
    await assert.rejects(signPortableExecutable(bytes, rsa), hasCode("image-not-signable"));
  });
}

test("what is no portable executable is not signed", async () => {
  const script = Buffer.from("#!/bin/sh\n".padEnd(4096));
  await assert.rejects(
    signPortableExecutable(script, rsa),
    (error) => error instanceof PortableExecutableError && error.code === "not-pe",
  );
});

function hasCode(code: SignatureErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof SignatureError && error.code === code;
}

function isRefusal(error: unknown): boolean {
  return error instanceof SignatureError && error.code.startsWith("signature-");
}

function assertRefused(code: SignatureErrorCode, work: () => void): void {
  assert.throws(work, hasCode(code));
}
