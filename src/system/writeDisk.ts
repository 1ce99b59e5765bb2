import { createHash } from "node:crypto";
import { truncateSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { planQcow2, QCOW2_CLUSTER_BYTES } from "#boot/qcow2.ts";
import { parseSha256, type Sha256 } from "#release/sha256.ts";

import { alignedBuffer, DirectFile } from "./directFile.ts";
import { DiskContent, type DiskPiece } from "./diskContent.ts";

export interface DiskImage {
  readonly sizeBytes: number;
  /** In any order, none over another. */
  readonly pieces: readonly DiskPiece[];
}

/** Of whole clusters. */
const CHUNK_BYTES = 1 << 20;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** What can be done with a disk image, each on a thread of its own; each gives a digest, or nothing. */
const WORKS = { hashRaw, writeRaw, writeQcow2 };

interface DiskWork {
  readonly work: keyof typeof WORKS;
  readonly image: DiskImage;
  readonly path: string;
}

/**
 * Writes a disk image, raw and as qcow2, and takes the digests of both from what is written. Where there are
 * only zeros a raw disk has a hole. Hashing all of those zeros is what takes longest: nothing waits for it.
 */
export async function writeDisk(
  image: DiskImage,
  { raw, qcow2 }: { raw: string; qcow2: string },
  signal?: AbortSignal,
): Promise<{ rawSha256: Sha256; qcow2Sha256: Sha256 }> {
  const failed = new AbortController();
  const both = AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]);
  const start = async (work: keyof typeof WORKS, path: string) =>
    inWorker({ work, image, path }, both).catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });
  const works = [start("hashRaw", raw), start("writeRaw", raw), start("writeQcow2", qcow2)] as const;
  await Promise.allSettled(works); // none goes on writing when this has failed
  const [rawDigest, , qcow2Digest] = await Promise.all(works);
  return { rawSha256: parseSha256(rawDigest), qcow2Sha256: parseSha256(qcow2Digest) };
}

async function inWorker(work: DiskWork, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const worker = new Worker(import.meta.filename, { workerData: work });
  const stop = () => void worker.terminate();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", () => reject(signal.reason as Error)); // without either of these only when stopped
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Without reading the written disk: its holes would fill the page cache with zeros. */
function hashRaw(content: DiskContent): string {
  const hash = createHash("sha256");
  for (const { bytes } of readChunks(content)) hash.update(bytes);
  return hash.digest("hex");
}

function writeRaw(content: DiskContent, path: string): string {
  using file = new DirectFile(path);
  truncateSync(path, content.sizeBytes);
  for (const chunk of readChunks(content)) {
    const { bytes, offset } = chunk;
    const isUsed = findUsedClusters(chunk);
    if (!isUsed.includes(true)) continue;
    const start = isUsed.indexOf(true) * QCOW2_CLUSTER_BYTES;
    const end = (isUsed.lastIndexOf(true) + 1) * QCOW2_CLUSTER_BYTES;
    file.write(bytes.subarray(start, end), offset + start);
  }
  return "";
}

function writeQcow2(content: DiskContent, path: string): string {
  using file = new DirectFile(path);
  const hash = createHash("sha256");
  const chunk = alignedBuffer(CHUNK_BYTES);
  const isUsed = readChunks(content).flatMap(findUsedClusters).toArray();
  let [filledBytes, offset] = [0, 0];
  const flush = () => {
    const bytes = chunk.subarray(0, filledBytes);
    hash.update(bytes);
    file.write(bytes, offset);
    offset += filledBytes;
    filledBytes = 0;
  };
  for (const part of planQcow2(content.sizeBytes, isUsed)) {
    const sizeBytes = "bytes" in part ? part.bytes.length : part.clusters * QCOW2_CLUSTER_BYTES;
    for (let done = 0; done < sizeBytes;) {
      const into = chunk.subarray(filledBytes, filledBytes + sizeBytes - done); // at most to its end
      if ("bytes" in part) into.set(part.bytes.subarray(done, done + into.length));
      else content.read(into, part.firstCluster * QCOW2_CLUSTER_BYTES + done);
      filledBytes += into.length;
      done += into.length;
      if (filledBytes === CHUNK_BYTES) flush();
    }
  }
  flush();
  return hash.digest("hex");
}

interface Chunk {
  /** Until the next one is asked for. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** Where no piece is; others may be zeros too. */
  readonly isHole: boolean;
}

function* readChunks(content: DiskContent): Generator<Chunk> {
  const chunk = alignedBuffer(CHUNK_BYTES);
  for (let offset = 0; offset < content.sizeBytes; offset += CHUNK_BYTES) {
    const sizeBytes = Math.min(CHUNK_BYTES, content.sizeBytes - offset);
    const isHole = content.isHole(offset, sizeBytes);
    const bytes = (isHole ? ZEROS : chunk).subarray(0, sizeBytes);
    if (!isHole) content.read(bytes, offset);
    yield { bytes, offset, isHole };
  }
}

/** Of each cluster whether anything but zeros is in it. */
function findUsedClusters({ bytes, isHole }: Chunk): boolean[] {
  return Array.from({ length: Math.ceil(bytes.length / QCOW2_CLUSTER_BYTES) }, (_, index) => {
    if (isHole) return false;
    const cluster = bytes.subarray(index * QCOW2_CLUSTER_BYTES, (index + 1) * QCOW2_CLUSTER_BYTES);
    return !ZEROS.subarray(0, cluster.length).equals(cluster);
  });
}

// This file is also the worker's program.
if (!isMainThread && workerData !== null && typeof workerData === "object" && "work" in workerData) {
  const { work, image, path } = workerData as DiskWork; // what inWorker gave it
  using content = new DiskContent(image.sizeBytes, image.pieces);
  parentPort?.postMessage(WORKS[work](content, path));
}
