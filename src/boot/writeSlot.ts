import { createHash } from "node:crypto";

import { findWrongRuns, listHashedBlocks, type BlockRun, type HashedBlocks } from "./hashedBlocks.ts";
import { PIECE_BYTES, readPieces } from "./readPieces.ts";
import { holdsSignature, writeSignature } from "./signaturePartition.ts";
import { totalBytesOf, verifySlotSizes, type SlotImageKind, type SlotRelease } from "./slotRelease.ts";
import type { ImageSource, SlotDevices } from "./updateDevices.ts";
import { UpdateWriteError } from "./updateWriteError.ts";
import { VERITY_BLOCK_BYTES } from "./veritySuperblock.ts";
import { isBlockWhole } from "./verityTree.ts";

/** How far a slot is. `keptBytes` and `writtenBytes` together grow to `totalBytes`. */
export interface SlotProgress {
  readonly kind: SlotImageKind;
  /** Root, hash tree and signature together. */
  readonly totalBytes: number;
  /** Were there already, and right. */
  readonly keptBytes: number;
  readonly fetchedBytes: number;
  readonly writtenBytes: number;
}

/** So that a power cut costs at most this, and the last flush is not the longest part of the update. */
const FLUSH_EVERY_BYTES = 64 * 1024 * 1024;

interface SlotWrite {
  readonly slot: SlotDevices;
  readonly source: ImageSource;
  readonly release: SlotRelease;
  readonly signal: AbortSignal | undefined;
  /** Adds to the progress and tells of it. */
  readonly count: (kind: SlotImageKind, added: Partial<Omit<SlotProgress, "kind" | "totalBytes">>) => void;
  /** For what is being fetched; one for all of it, so that a large image makes no more garbage than a small one. */
  readonly memory: Buffer;
  unflushedBytes: number;
}

/**
 * Brings a slot to hold a release, and remembers nothing: whatever is right on the disk stays, the rest is fetched. Each
 * block is checked before it is written: first the hash tree, from the root hash down, then the data by the tree's leaves.
 * The slot must have no name that boots; it is to be read back (`verifySlot`) before it gets one.
 */
export async function writeSlot(
  slot: SlotDevices,
  source: ImageSource,
  release: SlotRelease,
  onProgress: (progress: SlotProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<SlotProgress> {
  verifySlotSizes(slot, release);
  let progress: SlotProgress = {
    kind: "root-signature",
    totalBytes: totalBytesOf(release),
    keptBytes: 0,
    fetchedBytes: 0,
    writtenBytes: 0,
  };
  const count: SlotWrite["count"] = (kind, { keptBytes = 0, fetchedBytes = 0, writtenBytes = 0 }) => {
    progress = {
      ...progress,
      kind,
      keptBytes: progress.keptBytes + keptBytes,
      fetchedBytes: progress.fetchedBytes + fetchedBytes,
      writtenBytes: progress.writtenBytes + writtenBytes,
    };
    onProgress(progress);
  };
  const write: SlotWrite = {
    slot,
    source,
    release,
    signal,
    count,
    memory: Buffer.allocUnsafe(Math.min(PIECE_BYTES, totalBytesOf(release))),
    unflushedBytes: 0,
  };
  await fillSignature(write);
  for (const blocks of listHashedBlocks(slot, release)) await fillBlocks(write, blocks);
  for (const device of [slot.signature, slot.verity, slot.root]) await device.flush();
  return progress;
}

async function fillBlocks(write: SlotWrite, blocks: HashedBlocks): Promise<void> {
  const { kind, device } = blocks;
  const onWhole = (keptBytes: number) => write.count(kind, { keptBytes });
  for await (const run of findWrongRuns(blocks, onWhole, write.signal)) {
    await fillRun(write, blocks, run);
    if (write.unflushedBytes < FLUSH_EVERY_BYTES) continue;
    await device.flush();
    write.unflushedBytes = 0;
  }
}

async function fillRun(write: SlotWrite, blocks: HashedBlocks, run: BlockRun): Promise<void> {
  const { source, signal, count, memory } = write;
  const { kind, device } = blocks;
  const toOffset = (block: number) => blocks.offsetBytes + block * VERITY_BLOCK_BYTES;
  const sizeBytes = run.count * VERITY_BLOCK_BYTES;
  let block = run.first;
  const chunks = source.read(kind, toOffset(block), sizeBytes);
  for await (const piece of readPieces(chunks, sizeBytes, signal, memory)) {
    count(kind, { fetchedBytes: piece.length });
    const wanted = piece.length / VERITY_BLOCK_BYTES;
    const whole = countWhole(piece, await blocks.hashesOf(block, wanted), wanted);
    const writtenBytes = whole * VERITY_BLOCK_BYTES;
    if (whole > 0) await device.write(toOffset(block), piece.subarray(0, writtenBytes));
    write.unflushedBytes += writtenBytes;
    count(kind, { writtenBytes });
    if (whole < wanted) throw tampered(`the block at byte ${toOffset(block + whole)} of ${kind}`);
    block += wanted;
  }
}

/** How many blocks there are before the first wrong one. */
function countWhole(bytes: Buffer, hashes: Buffer, count: number): number {
  for (let index = 0; index < count; index++) if (!isBlockWhole(bytes, hashes, index)) return index;
  return count;
}

async function fillSignature({ slot, source, release, memory, signal, count }: SlotWrite): Promise<void> {
  const { signatureBytes, signatureSha256 } = release;
  const kind = "root-signature";
  if (await holdsSignature(slot.signature, release)) return count(kind, { keptBytes: signatureBytes });
  const pieces: Buffer[] = [];
  const chunks = source.read(kind, 0, signatureBytes);
  for await (const piece of readPieces(chunks, signatureBytes, signal, memory)) {
    count(kind, { fetchedBytes: piece.length });
    pieces.push(Buffer.from(piece));
  }
  const signature = Buffer.concat(pieces);
  if (createHash("sha256").update(signature).digest("hex") !== signatureSha256) throw tampered(kind);
  await writeSignature(slot.signature, signature);
  count(kind, { writtenBytes: signatureBytes });
}

function tampered(what: string): UpdateWriteError {
  return new UpdateWriteError(
    "image-tampered",
    `Cannot write the release into the slot: ${what} is not what was signed`,
    { hint: "Nothing of it was written. Somebody changed the file on the server, or on the way." },
  );
}
