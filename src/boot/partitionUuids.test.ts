import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { PARTITION_TYPES, toPartitionTypeName } from "./partitionTypes.ts";
import { derivedUuid, PartitionUuidError, rootUuidsOf, systemUuidOf } from "./partitionUuids.ts";

test("the halves of the root hash are the UUIDs of root and verity, its middle that of the signature", () => {
  const uuids = rootUuidsOf("00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210");
  assert.deepEqual(uuids, {
    root: "00112233-4455-6677-8899-aabbccddeeff",
    verity: "01234567-89ab-cdef-fedc-ba9876543210",
    signature: "8899aabb-ccdd-eeff-0123-456789abcdef",
  });
});

for (const rootHash of ["", "00", "G".repeat(64), "A".repeat(64), "0".repeat(65)]) {
  test(`"${rootHash}" is refused as a root hash`, () => {
    assert.throws(
      () => rootUuidsOf(rootHash),
      (error) => error instanceof PartitionUuidError && error.code === "root-hash-malformed",
    );
  });
}

test("a derived UUID never changes between versions of Socle", () => {
  assert.equal(derivedUuid("socle:minimal", "disk"), systemUuidOf("minimal", "disk"));
  assert.equal(systemUuidOf("minimal", "disk"), "007693df-8546-8b14-8071-9f2e17921495");
});

test("derived UUIDs carry version 8 and the RFC variant", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (namespaceText, name) => {
      assert.match(
        derivedUuid(namespaceText, name),
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    }),
  );
});

test("the border between namespace and name counts", () => {
  assert.notEqual(derivedUuid("a", "bc"), derivedUuid("ab", "c"));
});

test("every partition type is found by its GUID", () => {
  for (const [name, guid] of Object.entries(PARTITION_TYPES)) assert.equal(toPartitionTypeName(guid), name);
  assert.equal(toPartitionTypeName("0fc63daf-8483-4772-8e79-3d69d8477de4"), undefined);
});
