import type { TreePolicies } from "./levels.ts";
import { MIB } from "./size.ts";

/** Before the first and after the last partition, for the two partition tables. */
const TABLES_SIZE_BYTES = 2 * MIB;
/** An ext4 file system with a journal that is still of use for a first boot; it grows then. */
const SMALLEST_VAR_SIZE_BYTES = 64 * MIB;
/** One signature slot: a few kilobytes at most (UAPI.2), in the unit in which partitions are laid out. */
export const SIGNATURE_SLOT_SIZE_BYTES = MIB;
/** dm-verity as Socle formats it: 4 KiB blocks, each holding 128 SHA-256 hashes, one superblock. */
const VERITY_BLOCK_SIZE_BYTES = 4096;
const HASHES_PER_BLOCK = 128;

export interface PartitionSizes {
  readonly espSizeBytes: number;
  readonly rootSlotSizeBytes: number;
  readonly veritySlotSizeBytes: number;
}

/** The dm-verity superblock and hash tree for a full root slot, to the byte. */
export function verityTreeSizeBytes(rootSlotSizeBytes: number): number {
  let blocks = 1;
  for (let level = rootSlotSizeBytes / VERITY_BLOCK_SIZE_BYTES; level > 1;) {
    level = Math.ceil(level / HASHES_PER_BLOCK);
    blocks += level;
  }
  return blocks * VERITY_BLOCK_SIZE_BYTES;
}

/** A verity slot with a little to spare, in whole MiB. */
export function defaultVeritySlotSizeBytes(rootSlotSizeBytes: number): number {
  return Math.ceil(((rootSlotSizeBytes / HASHES_PER_BLOCK) * 1.02) / MIB) * MIB + MIB;
}

/** The smallest disk that these partitions fit on. */
export function neededDiskSizeBytes(sizes: PartitionSizes, policies: TreePolicies): number {
  const { espSizeBytes, rootSlotSizeBytes, veritySlotSizeBytes } = sizes;
  if (policies.usr === "writable") return TABLES_SIZE_BYTES + espSizeBytes + rootSlotSizeBytes;
  const var_ = policies.var === "temporary" ? 0 : SMALLEST_VAR_SIZE_BYTES;
  const slot = rootSlotSizeBytes + veritySlotSizeBytes + SIGNATURE_SLOT_SIZE_BYTES;
  return TABLES_SIZE_BYTES + espSizeBytes + 2 * slot + var_;
}
