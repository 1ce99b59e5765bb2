import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import fc from "fast-check";

import { parseSha256 } from "#release/sha256.ts";

import { SignatureError } from "./signatureError.ts";
import { decodeVerityPartition, encodeVerityPartition } from "./verityPartition.ts";

const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => parseSha256(Buffer.from(bytes).toString("hex")));
const value = fc.record(
  {
    rootHash: hash,
    signature: fc.uint8Array({ minLength: 1, maxLength: 5000 }),
    certificateFingerprint: hash,
  },
  { requiredKeys: ["rootHash", "signature"] },
);

const ROOT_HASH = parseSha256("5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9");
const SIGNATURE = Buffer.from("a signature, for all that the partition knows");
const CONTENT = encodeVerityPartition({ rootHash: ROOT_HASH, signature: SIGNATURE });

test("what is encoded is decoded, also when the partition is larger", () => {
  fc.assert(
    fc.property(value, fc.nat(3), (signature, blocks) => {
      const bytes = encodeVerityPartition(signature);
      assert.equal(bytes.length % 4096, 0);
      const decoded = decodeVerityPartition(Buffer.concat([bytes, Buffer.alloc(blocks * 4096)]));
      assert.deepEqual(
        { ...decoded, signature: Buffer.from(decoded.signature) },
        { ...signature, signature: Buffer.from(signature.signature) },
      );
    }),
  );
});

test("the JSON is in one line without white space, so that a shell can cut the values out", () => {
  const script = `IFS= read -r json; rest=\${json#*'"signature":"'}; printf %s "\${rest%%'"'*}"`;
  const { stdout } = spawnSync("sh", ["-c", `tr -d '\\0' | { ${script}; }`], {
    input: CONTENT,
    encoding: "utf8",
  });
  assert.equal(stdout, SIGNATURE.toString("base64"));
});

const json = { rootHash: ROOT_HASH, signature: SIGNATURE.toString("base64") };
const text = JSON.stringify(json);
for (const [what, content] of [
  ["nothing", ""],
  ["no JSON", "{"],
  ["an array", "[]"],
  ["no signature", JSON.stringify({ rootHash: ROOT_HASH })],
  ["an empty signature", JSON.stringify({ ...json, signature: "" })],
  ["a number as signature", JSON.stringify({ ...json, signature: 1 })],
  ["a signature that is not base64", JSON.stringify({ ...json, signature: "????" })],
  ["base64 with bits to spare", JSON.stringify({ ...json, signature: "QR==" })],
  ["base64 without its padding", JSON.stringify({ ...json, signature: "QQ" })],
  ["a root hash in upper case", JSON.stringify({ ...json, rootHash: ROOT_HASH.toUpperCase() })],
  ["a root hash that is too short", JSON.stringify({ ...json, rootHash: ROOT_HASH.slice(1) })],
  ["a fingerprint that is none", JSON.stringify({ ...json, certificateFingerprint: null })],
  ["a further key", JSON.stringify({ ...json, comment: "" })],
  ["white space", JSON.stringify(json, undefined, 1)],
  ["a line break at the end", `${text}\n`],
  ["a key that is given twice", text.replace("{", `{"rootHash":"${ROOT_HASH}",`)],
  ["an escape", text.replace("rootHash", "root\\u0048ash")],
  ["something behind the NULs", `${text}\0\0x`],
] as const) {
  test(`a partition with ${what} is refused`, () => {
    const bytes = Buffer.alloc(4096);
    bytes.write(content);
    assertRefused(bytes);
  });
}

test("a partition that is no multiple of 4096 bytes is refused", () => {
  for (const bytes of [Buffer.alloc(0), CONTENT.subarray(0, 4095), Buffer.from(text)]) assertRefused(bytes);
});

test("a flipped bit is refused or changes a value: none goes unseen", () => {
  fc.assert(
    fc.property(fc.nat(CONTENT.length * 8 - 1), (bit) => {
      const changed = Buffer.from(CONTENT);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        const { rootHash, signature } = decodeVerityPartition(changed);
        assert.ok(rootHash !== ROOT_HASH || !SIGNATURE.equals(signature));
      } catch (error) {
        assert.ok(error instanceof SignatureError && error.code === "signature-malformed", String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

function assertRefused(bytes: Uint8Array): void {
  assert.throws(
    () => decodeVerityPartition(bytes),
    (error) => error instanceof SignatureError && error.code === "signature-malformed",
  );
}
