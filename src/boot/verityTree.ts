import { hash } from "node:crypto";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

import { encodeVeritySuperblock, VERITY_BLOCK_BYTES, VerityTreeError } from "./veritySuperblock.ts";

/**
 * The dm-verity hash tree that `veritysetup format --salt= --uuid=0…` makes: the superblock, then the levels from the top
 * down, each block of a level holding the hashes of 128 blocks of the level below it or, at the lowest, of the data.
 * Kernel: Documentation/admin-guide/device-mapper/verity.rst.
 */
export const SHA256_BYTES = 32;
export const HASHES_PER_BLOCK = VERITY_BLOCK_BYTES / SHA256_BYTES;

export interface VerityLevel {
  /** From the start of the superblock. */
  readonly offsetBytes: number;
  readonly blocks: number;
}

/** A block of a hash tree and its place, from the start of the superblock. */
export interface PlacedBlock {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

/** From the top down, as they lie. A single block of data has none: its hash is the root hash. */
export function verityLevelsOf(dataBlocks: number): VerityLevel[] {
  const sizes: number[] = [];
  for (let blocks = dataBlocks; blocks > 1;) {
    blocks = Math.ceil(blocks / HASHES_PER_BLOCK);
    sizes.unshift(blocks);
  }
  let offsetBytes = VERITY_BLOCK_BYTES;
  return sizes.map((blocks) => {
    const level = { offsetBytes, blocks };
    offsetBytes += blocks * VERITY_BLOCK_BYTES;
    return level;
  });
}

/** Throws unless these are whole blocks, and at least one. */
export function toBlockCount(sizeBytes: number): number {
  const blocks = sizeBytes / VERITY_BLOCK_BYTES;
  if (Number.isSafeInteger(sizeBytes) && Number.isInteger(blocks) && blocks >= 1) return blocks;
  throw new VerityTreeError(
    "hash-tree-malformed",
    `Cannot make a hash tree of ${sizeBytes} bytes: wanted a multiple of ${VERITY_BLOCK_BYTES}, and not none`,
  );
}

/** As a string of 32 characters up to 255: these are compared natively, and no buffer is made for each. */
export function hashBlock(block: Uint8Array): string {
  return hash("sha256", block, "binary");
}

/** Whether block `index` of `bytes` has its hash in `hashes`. */
export function isBlockWhole(bytes: Buffer, hashes: Buffer, index: number): boolean {
  const start = index * VERITY_BLOCK_BYTES;
  const hashStart = index * SHA256_BYTES;
  return (
    hashBlock(bytes.subarray(start, start + VERITY_BLOCK_BYTES)) ===
    hashes.toString("latin1", hashStart, hashStart + SHA256_BYTES)
  );
}

interface OpenBlock {
  offsetBytes: number;
  bytes: Buffer;
  filledBytes: number;
}

/** Computes the tree of data that come in order, keeping one block of each level. Used like a hash: update, digest. */
export class VerityTreeHash {
  readonly #dataBlocks: number;
  /** From the leaves up. */
  readonly #levels: readonly OpenBlock[];
  #done: PlacedBlock[];
  #seenBlocks = 0;
  #rootHash = "";

  constructor(dataBytes: number) {
    this.#dataBlocks = toBlockCount(dataBytes);
    this.#done = [{ offsetBytes: 0, bytes: encodeVeritySuperblock({ dataBlocks: this.#dataBlocks }) }];
    this.#levels = verityLevelsOf(this.#dataBlocks)
      .toReversed()
      .map(({ offsetBytes }) => ({ offsetBytes, bytes: Buffer.alloc(VERITY_BLOCK_BYTES), filledBytes: 0 }));
  }

  /** Takes whole blocks; gives the blocks of the tree that are complete by now. */
  update(data: Uint8Array): PlacedBlock[] {
    if (data.length === 0) return [];
    this.#seenBlocks += toBlockCount(data.length);
    for (let start = 0; start < data.length; start += VERITY_BLOCK_BYTES)
      this.#addHash(0, hashBlock(data.subarray(start, start + VERITY_BLOCK_BYTES)));
    return this.#takeDone();
  }

  /** Gives the blocks that were left, and the root hash. */
  digest(): { blocks: PlacedBlock[]; rootHash: Sha256 } {
    if (this.#seenBlocks !== this.#dataBlocks)
      throw new VerityTreeError(
        "hash-tree-malformed",
        `Cannot make a hash tree of ${this.#dataBlocks} blocks: found ${this.#seenBlocks}`,
      );
    // From the leaves up: closing a block adds its hash to the level above.
    for (const [depth, level] of this.#levels.entries()) if (level.filledBytes > 0) this.#closeBlock(depth);
    const rootHash = parseSha256(Buffer.from(this.#rootHash, "latin1").toString("hex"));
    return { blocks: this.#takeDone(), rootHash };
  }

  #addHash(depth: number, digest: string): void {
    const level = this.#levels[depth];
    if (level === undefined) {
      this.#rootHash = digest;
      return;
    }
    level.filledBytes += level.bytes.write(digest, level.filledBytes, "latin1");
    if (level.filledBytes === VERITY_BLOCK_BYTES) this.#closeBlock(depth);
  }

  #closeBlock(depth: number): void {
    const level = this.#levels[depth];
    if (level === undefined) return;
    const { offsetBytes, bytes } = level;
    this.#done.push({ offsetBytes, bytes });
    level.offsetBytes += VERITY_BLOCK_BYTES;
    level.bytes = Buffer.alloc(VERITY_BLOCK_BYTES); // the rest of a level's last block is zeros
    level.filledBytes = 0;
    this.#addHash(depth + 1, hashBlock(bytes));
  }

  #takeDone(): PlacedBlock[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }
}
