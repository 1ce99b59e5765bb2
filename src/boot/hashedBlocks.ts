import type { Sha256 } from "#release/sha256.ts";

import { PIECE_BYTES } from "./readPieces.ts";
import type { SlotImageKind } from "./slotRelease.ts";
import type { BlockDevice, SlotDevices } from "./updateDevices.ts";
import { encodeVeritySuperblock, VERITY_BLOCK_BYTES, VerityTreeError } from "./veritySuperblock.ts";
import {
  hashBlock,
  HASHES_PER_BLOCK,
  isBlockWhole,
  SHA256_BYTES,
  toBlockCount,
  verityLevelsOf,
} from "./verityTree.ts";

/**
 * Blocks on a device whose hashes follow from a root hash. Each level of a hash tree is one, and so are the data: what
 * holds for one block of one of them, holds for all, and nothing of a tree needs to stay in memory.
 */
export interface HashedBlocks {
  readonly kind: SlotImageKind;
  readonly device: BlockDevice;
  /** Of the first block, on the device and in the image. */
  readonly offsetBytes: number;
  readonly count: number;
  /** 32 bytes each. Throws where the level above is not, or no longer, what the root hash stands for. */
  hashesOf(first: number, count: number): Promise<Buffer>;
}

/** A run of neighbours. */
export interface BlockRun {
  readonly first: number;
  readonly count: number;
}

const PIECE_BLOCKS = PIECE_BYTES / VERITY_BLOCK_BYTES;
/** One request. Longer ones gain nothing, and what is looked at ahead of a fetch stays short. */
const RUN_BLOCKS_MOST = 64 * PIECE_BLOCKS;

/** In the order in which they can be trusted: superblock, levels from the top down, data. */
export function listHashedBlocks(
  { root, verity }: Pick<SlotDevices, "root" | "verity">,
  { rootHash, rootBytes }: { readonly rootHash: Sha256; readonly rootBytes: number },
): HashedBlocks[] {
  const dataBlocks = toBlockCount(rootBytes);
  const superblockHash = Buffer.from(hashBlock(encodeVeritySuperblock({ dataBlocks })), "latin1");
  const superblock: HashedBlocks = {
    kind: "verity",
    device: verity,
    offsetBytes: 0,
    count: 1,
    hashesOf: () => Promise.resolve(superblockHash),
  };
  const tree: HashedBlocks[] = [];
  const hashesBelow = (): HashedBlocks["hashesOf"] => {
    const above = tree.at(-1);
    return above === undefined
      ? () => Promise.resolve(Buffer.from(rootHash, "hex"))
      : (first, count) => readHashes(above, first, count);
  };
  for (const { offsetBytes, blocks: count } of verityLevelsOf(dataBlocks))
    tree.push({ kind: "verity", device: verity, offsetBytes, count, hashesOf: hashesBelow() });
  const data: HashedBlocks = {
    kind: "root",
    device: root,
    offsetBytes: 0,
    count: dataBlocks,
    hashesOf: hashesBelow(),
  };
  return [superblock, ...tree, data];
}

/** The blocks that do not have their hash, in order and as few runs. `onWhole` hears of the bytes that have theirs. */
export async function* findWrongRuns(
  blocks: HashedBlocks,
  onWhole: (bytes: number) => void,
  signal?: AbortSignal,
): AsyncGenerator<BlockRun> {
  let run = { first: 0, count: 0 };
  for await (const { first, count, bytes } of readAhead(blocks)) {
    signal?.throwIfAborted();
    const hashes = await blocks.hashesOf(first, count);
    let whole = 0;
    for (let index = 0; index < count; index++) {
      if (isBlockWhole(bytes, hashes, index)) {
        whole++;
        continue;
      }
      const block = first + index;
      if (block !== run.first + run.count || run.count === RUN_BLOCKS_MOST) {
        if (run.count > 0) yield run;
        run = { first: block, count: 0 };
      }
      run.count++;
    }
    onWhole(whole * VERITY_BLOCK_BYTES);
  }
  if (run.count > 0) yield run;
}

/** Reads the next piece while the one before is hashed; its bytes are good until the next is asked for. */
async function* readAhead(blocks: HashedBlocks): AsyncGenerator<BlockRun & { readonly bytes: Buffer }> {
  const pieceBytes = Math.min(PIECE_BYTES, blocks.count * VERITY_BLOCK_BYTES);
  const memories = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)];
  const begin = (first: number) => {
    const count = Math.min(PIECE_BLOCKS, blocks.count - first);
    const reading = readBlocks(blocks, first, count, memories[(first / PIECE_BLOCKS) % memories.length]);
    reading.catch(() => undefined); // whoever waits for it hears of it; perhaps nobody does
    return { first, count, reading };
  };
  let next = begin(0);
  for (;;) {
    const { first, count, reading } = next;
    const bytes = await reading;
    const end = first + count;
    if (end < blocks.count) next = begin(end);
    yield { first, count, bytes };
    if (end === blocks.count) return;
  }
}

/** The hashes in blocks of a level, which are checked each time: what they say is then as good as the root hash. */
async function readHashes(level: HashedBlocks, first: number, count: number): Promise<Buffer> {
  const firstBlock = Math.floor(first / HASHES_PER_BLOCK);
  const blockCount = Math.ceil((first + count) / HASHES_PER_BLOCK) - firstBlock;
  const bytes = await readBlocks(level, firstBlock, blockCount);
  const hashes = await level.hashesOf(firstBlock, blockCount);
  for (let index = 0; index < blockCount; index++) {
    if (!isBlockWhole(bytes, hashes, index))
      throw new VerityTreeError(
        "hash-tree-wrong",
        `Cannot use the hash tree: the block at byte ${level.offsetBytes + (firstBlock + index) * VERITY_BLOCK_BYTES} does not have its hash`,
      );
  }
  const start = (first - firstBlock * HASHES_PER_BLOCK) * SHA256_BYTES;
  return bytes.subarray(start, start + count * SHA256_BYTES);
}

async function readBlocks(
  { device, offsetBytes }: HashedBlocks,
  first: number,
  count: number,
  memory?: Buffer,
): Promise<Buffer> {
  const sizeBytes = count * VERITY_BLOCK_BYTES;
  const start = offsetBytes + first * VERITY_BLOCK_BYTES;
  const bytes = await device.read(start, sizeBytes, memory?.subarray(0, sizeBytes));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
