import { createHash, type Hash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

/** A piece of a disk image: a whole file, or bytes, at an offset. */
export type DiskPiece =
  | { readonly offsetBytes: number; readonly file: string }
  | { readonly offsetBytes: number; readonly bytes: Uint8Array };

interface DiskWork {
  readonly path: string;
  readonly sizeBytes: number;
  /** Sorted, and none over another. */
  readonly pieces: readonly DiskPiece[];
}

const CHUNK_BYTES = 1 << 20;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/**
 * Writes a disk image of the given size and returns its SHA-256, on a thread of its own. Where
 * nothing or only zeros are written it stays a hole, which is hashed without being read: reading it
 * would fill the page cache with zeros.
 */
export async function writeDisk(path: string, sizeBytes: number, pieces: readonly DiskPiece[]): Promise<Sha256> {
  const work: DiskWork = { path, sizeBytes, pieces: pieces.toSorted((a, b) => a.offsetBytes - b.offsetBytes) };
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: work });
    worker.once("message", (text: string) => resolve(parseSha256(text)));
    worker.once("error", reject);
  });
}

function writeDiskSync({ path, sizeBytes, pieces }: DiskWork): string {
  const disk = openSync(path, "wx");
  try {
    ftruncateSync(disk, sizeBytes);
    const hash = createHash("sha256");
    let position = 0;
    for (const piece of pieces) {
      if (piece.offsetBytes < position) throw new RangeError(`Cannot write the disk: two pieces overlap at ${position}`);
      hashZeros(hash, piece.offsetBytes - position);
      position = piece.offsetBytes + writePiece(disk, piece, hash);
    }
    if (position > sizeBytes) throw new RangeError(`Cannot write the disk: ${position} bytes do not fit into ${sizeBytes}`);
    hashZeros(hash, sizeBytes - position);
    return hash.digest("hex");
  } finally {
    closeSync(disk);
  }
}

/** Returns how many bytes the piece has. */
function writePiece(disk: number, piece: DiskPiece, hash: Hash): number {
  if ("bytes" in piece) {
    hash.update(piece.bytes);
    writeFully(disk, piece.bytes, piece.offsetBytes);
    return piece.bytes.length;
  }
  const from = openSync(piece.file, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let done = 0; ; ) {
      const count = readSync(from, chunk, 0, chunk.length, done);
      if (count === 0) return done;
      const read = chunk.subarray(0, count);
      hash.update(read);
      if (!read.equals(ZEROS.subarray(0, count))) writeFully(disk, read, piece.offsetBytes + done);
      done += count;
    }
  } finally {
    closeSync(from);
  }
}

/** One write may take less than it was given; on a full disk the next one says so. */
function writeFully(disk: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(disk, bytes, done, bytes.length - done, offset + done);
}

function hashZeros(hash: Hash, count: number): void {
  for (let left = count; left > 0; left -= CHUNK_BYTES) hash.update(ZEROS.subarray(0, Math.min(left, CHUNK_BYTES)));
}

// This file is also the worker's program.
if (!isMainThread && workerData !== null && typeof workerData === "object" && "pieces" in workerData) {
  parentPort?.postMessage(writeDiskSync(workerData as DiskWork)); // what writeDisk gave it
}
