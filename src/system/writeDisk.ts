import { createHash, type Hash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

/** A piece of a disk image: a whole file, or bytes, at an offset. */
export type DiskPiece =
  | { readonly offsetBytes: number; readonly file: string }
  | { readonly offsetBytes: number; readonly bytes: Uint8Array };

interface DiskWork {
  readonly sizeBytes: number;
  /** Sorted, and none over another. */
  readonly pieces: readonly DiskPiece[];
  /** Where to write; only hashed when absent. */
  readonly path?: string;
}

const CHUNK_BYTES = 1 << 20;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** Writes a disk image, on a thread of its own. Where nothing or only zeros are written it stays a hole. */
export async function writeDisk(
  path: string,
  sizeBytes: number,
  pieces: readonly DiskPiece[],
): Promise<void> {
  await inWorker({ path, sizeBytes, pieces: sort(pieces) });
}

/**
 * The SHA-256 that a disk image of these pieces has, without reading it: its holes would fill the
 * page cache with zeros.
 */
export async function hashDisk(sizeBytes: number, pieces: readonly DiskPiece[]): Promise<Sha256> {
  return parseSha256(await inWorker({ sizeBytes, pieces: sort(pieces) }));
}

function sort(pieces: readonly DiskPiece[]): DiskPiece[] {
  return pieces.toSorted((a, b) => a.offsetBytes - b.offsetBytes);
}

async function inWorker(work: DiskWork): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.filename, { workerData: work });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Takes the image's bytes in order; `count` zeros where there are none. */
interface Sink {
  bytes(bytes: Uint8Array, offset: number): void;
  zeros(count: number): void;
}

function performWork({ path, sizeBytes, pieces }: DiskWork): string {
  if (path === undefined) {
    const hash = createHash("sha256");
    walk(sizeBytes, pieces, {
      bytes: (bytes) => void hash.update(bytes),
      zeros: (count) => hashZeros(hash, count),
    });
    return hash.digest("hex");
  }
  const disk = openSync(path, "wx");
  try {
    ftruncateSync(disk, sizeBytes);
    walk(sizeBytes, pieces, {
      bytes: (bytes, offset) => writeUnlessZero(disk, bytes, offset),
      zeros: () => {},
    });
    return "";
  } finally {
    closeSync(disk);
  }
}

function walk(sizeBytes: number, pieces: readonly DiskPiece[], sink: Sink): void {
  let position = 0;
  for (const piece of pieces) {
    if (piece.offsetBytes < position)
      throw new RangeError(`Cannot write the disk: two pieces overlap at ${position}`);
    sink.zeros(piece.offsetBytes - position);
    position = piece.offsetBytes + readPiece(piece, sink);
  }
  if (position > sizeBytes)
    throw new RangeError(`Cannot write the disk: ${position} bytes do not fit into ${sizeBytes}`);
  sink.zeros(sizeBytes - position);
}

/** Returns how many bytes the piece has. */
function readPiece(piece: DiskPiece, sink: Sink): number {
  if ("bytes" in piece) {
    sink.bytes(piece.bytes, piece.offsetBytes);
    return piece.bytes.length;
  }
  const from = openSync(piece.file, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let done = 0; ;) {
      const count = readSync(from, chunk, 0, chunk.length, done);
      if (count === 0) return done;
      sink.bytes(chunk.subarray(0, count), piece.offsetBytes + done);
      done += count;
    }
  } finally {
    closeSync(from);
  }
}

function writeUnlessZero(disk: number, bytes: Uint8Array, offset: number): void {
  if (ZEROS.subarray(0, bytes.length).equals(bytes)) return;
  // One write may take less than it was given; on a full disk the next one says so.
  for (let done = 0; done < bytes.length;)
    done += writeSync(disk, bytes, done, bytes.length - done, offset + done);
}

function hashZeros(hash: Hash, count: number): void {
  for (let left = count; left > 0; left -= CHUNK_BYTES)
    hash.update(ZEROS.subarray(0, Math.min(left, CHUNK_BYTES)));
}

// This file is also the worker's program.
if (!isMainThread && workerData !== null && typeof workerData === "object" && "pieces" in workerData) {
  parentPort?.postMessage(performWork(workerData as DiskWork)); // what inWorker gave it
}
