import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeSignatureLists, encodeSignatureLists, SIGNATURE_OWNER } from "./efiSignatureList.ts";

test("a signature list is laid out as UEFI says", () => {
  const bytes = encodeSignatureLists([Buffer.from("cafe01", "hex")], "00112233-4455-6677-8899-aabbccddeeff");
  const wanted = [
    "a159c0a5e494a74a87b5ab155c2bf072", // EFI_CERT_X509_GUID, its first three fields little-endian
    "2f000000", // the whole list: 28 + 16 + 3
    "00000000", // no header
    "13000000", // one signature: 16 + 3
    "33221100554477668899aabbccddeeff", // the owner
    "cafe01",
  ];
  assert.equal(Buffer.from(bytes).toString("hex"), wanted.join(""));
});

test("signature lists are read as they were written, and a list cut anywhere is refused", () => {
  const certificates = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 4 });
  fc.assert(
    fc.property(certificates, fc.nat(), (ders, cut) => {
      const bytes = encodeSignatureLists(ders);
      const wanted = ders.map((certificate) => ({
        owner: SIGNATURE_OWNER,
        certificate: Buffer.from(certificate),
      }));
      assert.deepEqual(decodeSignatureLists(bytes), wanted);
      const at = cut % Math.max(1, bytes.length);
      const starts = ders.map((_, index) => encodeSignatureLists(ders.slice(0, index)).length);
      if (bytes.length > 0 && !starts.includes(at))
        assert.throws(() => decodeSignatureLists(bytes.slice(0, at)), { code: "keys-malformed" });
    }),
  );
});

test("sizes that do not fit, and kinds that are not read, are refused", () => {
  const good = Buffer.from(encodeSignatureLists([Buffer.alloc(10)]));
  for (const [at, value] of [
    [0, 1], // type
    [16, 0],
    [16, 28],
    [16, 53],
    [20, 1],
    [24, 0],
    [24, 16],
    [24, 25],
  ] as const) {
    const wrong = Buffer.from(good);
    wrong.writeUInt32LE(value, at);
    assert.throws(() => decodeSignatureLists(wrong), { code: "keys-malformed" }, `${value} at ${at}`);
  }
});
