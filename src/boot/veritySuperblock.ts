import { SocleError } from "#progress/socleError.ts";

/**
 * The superblock of a dm-verity hash tree: format 1 with SHA-256, 4 KiB blocks of data and of hashes, no salt and no
 * UUID, so that equal data have equal trees. Not here: salts, other hashes, the old format 0 of Chrome OS, forward error
 * correction. The format is that of cryptsetup (its wiki, "DM-Verity"); the kernel does not read superblocks.
 */
export interface VeritySuperblock {
  readonly dataBlocks: number;
}

/** `hash-tree-malformed`: no tree, or one with other parameters. `hash-tree-wrong`: not that of the root hash. */
export class VerityTreeError extends SocleError<"hash-tree-malformed" | "hash-tree-wrong"> {
  override readonly name = "VerityTreeError";
}

export const VERITY_BLOCK_BYTES = 4096;
/** More would have sizes in bytes that a number does not hold exactly: 8 PiB. */
const DATA_BLOCKS_MOST = Number.MAX_SAFE_INTEGER / VERITY_BLOCK_BYTES;

const SIGNATURE = "verity\0\0";
const ALGORITHM = "sha256";
const ALGORITHM_OFFSET = 32;
const DATA_BLOCKS_OFFSET = 72;

/** A whole block; the tree begins behind it. */
export function encodeVeritySuperblock({ dataBlocks }: VeritySuperblock): Buffer {
  const bytes = Buffer.alloc(VERITY_BLOCK_BYTES);
  bytes.write(SIGNATURE, 0, "latin1");
  bytes.writeUInt32LE(1, 8); // format of the superblock
  bytes.writeUInt32LE(1, 12); // of the tree: hashes lie at powers of two, the salt in front
  bytes.write(ALGORITHM, ALGORITHM_OFFSET, "latin1");
  bytes.writeUInt32LE(VERITY_BLOCK_BYTES, 64); // of data
  bytes.writeUInt32LE(VERITY_BLOCK_BYTES, 68); // of hashes
  bytes.writeBigUInt64LE(BigInt(dataBlocks), DATA_BLOCKS_OFFSET);
  return bytes;
}

/**
 * There is one superblock for each number of blocks: whatever differs from it is refused, down to the padding.
 * `bytes`: at least a block; what follows is not looked at.
 */
export function parseVeritySuperblock(bytes: Uint8Array): VeritySuperblock {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, VERITY_BLOCK_BYTES));
  if (found.length < VERITY_BLOCK_BYTES) fail(`found ${found.length} bytes, wanted ${VERITY_BLOCK_BYTES}`);
  if (found.toString("latin1", 0, SIGNATURE.length) !== SIGNATURE)
    fail('it does not begin with "verity" and two NULs');
  const dataBlocks = Number(found.readBigUInt64LE(DATA_BLOCKS_OFFSET));
  if (dataBlocks < 1 || dataBlocks > DATA_BLOCKS_MOST) fail(`it is for ${dataBlocks} blocks of data`);
  const wanted = encodeVeritySuperblock({ dataBlocks });
  const offset = found.findIndex((byte, index) => byte !== wanted[index]);
  if (offset !== -1)
    fail(
      `byte ${offset} is ${found[offset]}, wanted ${wanted[offset]}: another algorithm, block size, salt or UUID`,
    );
  return { dataBlocks };
}

function fail(reason: string): never {
  throw new VerityTreeError("hash-tree-malformed", `Cannot read the superblock of a hash tree: ${reason}`);
}
