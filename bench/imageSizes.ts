import { open, stat } from "node:fs/promises";
import { join } from "node:path";

import { decodeGpt } from "#boot/gpt.ts";
import { SECTOR_BYTES } from "#boot/gptTable.ts";
import { PARTITION_TYPES } from "#boot/partitionTypes.ts";
import { fileSize, listFolder } from "#system/files.ts";

export interface ImageSizes {
  /** The EROFS itself, by its own superblock, whatever the size of its partition. */
  readonly rootBytes: number;
  readonly ukiBytes: number;
  readonly diskBytes: number;
  /** What the raw disk occupies: holes are not counted. */
  readonly diskAllocatedBytes: number;
}

/** Looks at the raw disk and the unified kernel image in an output folder, of whichever tool. */
export async function readImageSizes(folder: string): Promise<ImageSizes> {
  const names = await listFolder(folder);
  const disk = join(folder, names.find((name) => name.endsWith(".raw")) ?? "");
  const uki = join(folder, names.find((name) => name.endsWith(".efi")) ?? "");
  const { size, blocks } = await stat(disk);
  return {
    rootBytes: await readErofsSize(disk),
    ukiBytes: await fileSize(uki),
    diskBytes: size,
    diskAllocatedBytes: blocks * 512,
  };
}

const SUPERBLOCK_OFFSET = 1024;
const EROFS_MAGIC = 0xe0f5e1e2;

/** The superblock of the first root partition: block size as a power of two, number of blocks. linux/fs/erofs/erofs_fs.h */
async function readErofsSize(disk: string): Promise<number> {
  await using file = await open(disk);
  const table = Buffer.alloc(34 * SECTOR_BYTES);
  await file.read(table, 0, table.length, 0);
  const root = decodeGpt(table).partitions.find(({ typeGuid }) => typeGuid === PARTITION_TYPES.root);
  if (root === undefined) throw new Error(`"${disk}" has no root partition`);
  const superblock = Buffer.alloc(128);
  await file.read(superblock, 0, superblock.length, root.firstSector * SECTOR_BYTES + SUPERBLOCK_OFFSET);
  if (superblock.readUInt32LE(0) !== EROFS_MAGIC)
    throw new Error(`The root partition of "${disk}" is not EROFS`);
  return superblock.readUInt32LE(36) * 2 ** superblock.readUInt8(12);
}
