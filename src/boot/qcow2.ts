/**
 * Disk images for QEMU (qcow2 version 3, docs/interop/qcow2.rst): clusters of 64 KiB, those of zeros left out, in
 * the order and with the header of `qemu-img convert`. Not here: reading, compression, snapshots, backing files,
 * encryption, bitmaps.
 */
export const QCOW2_CLUSTER_BYTES = 1 << 16;

/** The file is its parts one after the other: bytes, whole clusters of them, or clusters as the disk has them. */
export type Qcow2Part =
  | { readonly bytes: Uint8Array }
  | { readonly firstCluster: number; readonly clusters: number };

const MAGIC = 0x51_46_49_fb;
const VERSION = 3;
const HEADER_BYTES = 112;
const REFCOUNT_ORDER = 4; // 16 bits each
/** Clusters that one cluster of counts, and one of offsets, is about. */
const COUNTS_PER_BLOCK = QCOW2_CLUSTER_BYTES / 2;
const OFFSETS_PER_TABLE = QCOW2_CLUSTER_BYTES / 8;
/** Bit 63 of an offset: the cluster there is used once, and so may be written in place. */
const COPIED = 1n << 63n;

/** Names of feature bits (type: incompatible, compatible, autoclear), for a QEMU that does not know one of them. */
const FEATURES: readonly (readonly [type: number, bit: number, name: string])[] = [
  [0, 0, "dirty bit"],
  [0, 1, "corrupt bit"],
  [0, 2, "external data file"],
  [0, 3, "compression type"],
  [0, 4, "extended L2 entries"],
  [1, 0, "lazy refcounts"],
  [2, 0, "bitmaps"],
  [2, 1, "raw external data"],
];
const FEATURE_BYTES = 48;
const FEATURE_TABLE = 0x68_03_f8_57;

/** @param isUsed of each cluster of the disk, whether anything but zeros is in it */
export function planQcow2(sizeBytes: number, isUsed: readonly boolean[]): Qcow2Part[] {
  const regions = listRegions(isUsed);
  const used = isUsed.filter(Boolean).length + regions.filter(({ runs }) => runs.length > 0).length;
  const l1Clusters = Math.ceil(regions.length / OFFSETS_PER_TABLE);
  const { blocks, tables } = planCounts(1 + l1Clusters + used);
  const l1At = 1 + tables + blocks;

  const l1 = cluster(l1Clusters);
  const parts: Qcow2Part[] = [];
  let next = l1At + l1Clusters;
  for (const [index, { runs }] of regions.entries()) {
    if (runs.length === 0) continue;
    writeOffset(l1, index, next++);
    const l2 = cluster(1);
    for (const { firstCluster, clusters } of runs)
      for (let i = 0; i < clusters; i++) writeOffset(l2, (firstCluster + i) % OFFSETS_PER_TABLE, next++);
    parts.push({ bytes: l2 }, ...runs);
  }
  const header = encodeHeader(sizeBytes, { l1Size: regions.length, l1At, tables });
  return [{ bytes: Buffer.concat([header, encodeCounts(next, { blocks, tables }), l1]) }, ...parts];
}

interface Run {
  readonly firstCluster: number;
  readonly clusters: number;
}

/** What each table of offsets is about: runs of used clusters. */
function listRegions(isUsed: readonly boolean[]): { readonly runs: readonly Run[] }[] {
  return Array.from({ length: Math.ceil(isUsed.length / OFFSETS_PER_TABLE) }, (_, region) => {
    const runs: Run[] = [];
    const end = Math.min(isUsed.length, (region + 1) * OFFSETS_PER_TABLE);
    for (let at = region * OFFSETS_PER_TABLE; at < end; at++) {
      const firstCluster = at;
      while (at < end && isUsed[at] === true) at++;
      if (at > firstCluster) runs.push({ firstCluster, clusters: at - firstCluster });
    }
    return { runs };
  });
}

/** How many clusters hold the counts of all clusters, their own among them, and how many the offsets of those. */
function planCounts(others: number): { blocks: number; tables: number } {
  let [blocks, tables] = [1, 1];
  while (blocks * COUNTS_PER_BLOCK < others + blocks + tables) {
    blocks++;
    tables = Math.ceil(blocks / OFFSETS_PER_TABLE);
  }
  return { blocks, tables };
}

function encodeHeader(
  sizeBytes: number,
  { l1Size, l1At, tables }: { l1Size: number; l1At: number; tables: number },
): Buffer {
  const header = cluster(1);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(VERSION, 4);
  header.writeUInt32BE(Math.log2(QCOW2_CLUSTER_BYTES), 20);
  header.writeBigUInt64BE(BigInt(sizeBytes), 24);
  header.writeUInt32BE(l1Size, 36);
  header.writeBigUInt64BE(BigInt(l1At * QCOW2_CLUSTER_BYTES), 40);
  header.writeBigUInt64BE(BigInt(QCOW2_CLUSTER_BYTES), 48); // of the refcount table: right behind the header
  header.writeUInt32BE(tables, 56);
  header.writeUInt32BE(REFCOUNT_ORDER, 96);
  header.writeUInt32BE(HEADER_BYTES, 100);
  header.writeUInt32BE(FEATURE_TABLE, HEADER_BYTES);
  header.writeUInt32BE(FEATURES.length * FEATURE_BYTES, HEADER_BYTES + 4);
  for (const [index, [type, bit, name]] of FEATURES.entries()) {
    const at = HEADER_BYTES + 8 + index * FEATURE_BYTES;
    header.writeUInt8(type, at);
    header.writeUInt8(bit, at + 1);
    header.write(name, at + 2, "latin1");
  }
  return header; // then an extension of type 0 and length 0, the last
}

/** The refcount table and its blocks: every cluster of the file is used once. */
function encodeCounts(fileClusters: number, { blocks, tables }: { blocks: number; tables: number }): Buffer {
  const table = cluster(tables);
  for (let block = 0; block < blocks; block++)
    table.writeBigUInt64BE(BigInt((1 + tables + block) * QCOW2_CLUSTER_BYTES), block * 8);
  const counts = cluster(blocks);
  for (let index = 0; index < fileClusters; index++) counts.writeUInt16BE(1, index * 2);
  return Buffer.concat([table, counts]);
}

function writeOffset(table: Buffer, index: number, toCluster: number): void {
  table.writeBigUInt64BE(COPIED | BigInt(toCluster * QCOW2_CLUSTER_BYTES), index * 8);
}

function cluster(count: number): Buffer {
  return Buffer.alloc(count * QCOW2_CLUSTER_BYTES);
}
