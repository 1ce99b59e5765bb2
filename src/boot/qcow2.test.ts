import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { planQcow2, QCOW2_CLUSTER_BYTES, type Qcow2Part } from "./qcow2.ts";

// That QEMU reads it the same way, and writes the same, is in test/build/qcow2.test.ts.

test("a disk of zeros is a header, counts of its clusters, and no cluster of the disk", () => {
  const [head, ...rest] = planQcow2(1 << 30, Array<boolean>(1 << 14).fill(false));
  assert.deepEqual(rest, []);
  assert.equal(sizeOf(head), 4 * QCOW2_CLUSTER_BYTES);
});

test("every used cluster is found where the tables say, and every cluster of the file is counted once", () => {
  const run = fc.record({ used: fc.boolean(), length: fc.integer({ min: 1, max: 20_000 }) });
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 8 }), (runs) => {
      const isUsed = runs.flatMap(({ used, length }) => Array<boolean>(length).fill(used));
      verify(isUsed);
    }),
    { numRuns: 30 },
  );
});

test("a disk whose counts need many clusters of their own has them", () => {
  verify(Array<boolean>(200_000).fill(true));
  verify(Array<boolean>(3 * 32_768).fill(true));
  for (let count = 32_750; count < 32_770; count++) verify(Array<boolean>(count).fill(true));
});

/** Reads the tables back, as far as they are written at all. */
function verify(isUsed: readonly boolean[]): void {
  const sizeBytes = isUsed.length * QCOW2_CLUSTER_BYTES;
  const parts = planQcow2(sizeBytes, isUsed);
  const { metadata, holds, clusters } = layOut(parts);
  const header = at(metadata, 0);
  assert.equal(header.readBigUInt64BE(24), BigInt(sizeBytes));

  const l1 = metadata.get(Number(header.readBigUInt64BE(40)) / QCOW2_CLUSTER_BYTES);
  assert.equal(header.readUInt32BE(36), Math.ceil(isUsed.length / 8192));
  for (const [index, used] of isUsed.entries()) {
    const l2At = toCluster(l1?.readBigUInt64BE(Math.floor(index / 8192) * 8));
    const found = l2At === 0 ? 0 : toCluster(at(metadata, l2At).readBigUInt64BE((index % 8192) * 8));
    if (found === 0 ? used : holds.get(found) !== index) assert.fail(`cluster ${index} is lost`);
  }

  const table = at(metadata, Number(header.readBigUInt64BE(48)) / QCOW2_CLUSTER_BYTES);
  const blocks = Math.ceil(clusters / 32_768);
  for (let index = 0; index < blocks * 32_768; index++) {
    const block = at(
      metadata,
      Number(table.readBigUInt64BE(Math.floor(index / 32_768) * 8)) / QCOW2_CLUSTER_BYTES,
    );
    if (block.readUInt16BE((index % 32_768) * 2) !== (index < clusters ? 1 : 0))
      assert.fail(`cluster ${index} of ${clusters} is counted wrongly`);
  }
}

/** Which cluster of the file is which of its own tables, or of the disk. */
function layOut(parts: readonly Qcow2Part[]) {
  const metadata = new Map<number, Buffer>();
  const holds = new Map<number, number>();
  let clusters = 0;
  for (const part of parts) {
    const count = sizeOf(part) / QCOW2_CLUSTER_BYTES;
    for (let i = 0; i < count; i++, clusters++) {
      if ("bytes" in part)
        metadata.set(
          clusters,
          Buffer.from(part.bytes.subarray(i * QCOW2_CLUSTER_BYTES, (i + 1) * QCOW2_CLUSTER_BYTES)),
        );
      else holds.set(clusters, part.firstCluster + i);
    }
  }
  return { metadata, holds, clusters };
}

function sizeOf(part: Qcow2Part | undefined): number {
  assert.ok(part);
  return "bytes" in part ? part.bytes.length : part.clusters * QCOW2_CLUSTER_BYTES;
}

function at(clusters: ReadonlyMap<number, Buffer>, index: number): Buffer {
  const found = clusters.get(index);
  assert.ok(found, `cluster ${index} is a table`);
  return found;
}

/** Without bit 63; 0 where there is none. */
function toCluster(offset = 0n): number {
  return Number(offset & ~(1n << 63n)) / QCOW2_CLUSTER_BYTES;
}
