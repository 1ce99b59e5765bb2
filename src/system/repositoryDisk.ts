import { createHash } from "node:crypto";
import { link, mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

/**
 * Everything that publishing does to a disk. Each function either happens or does not, apart from
 * the content of a file that is being written; tests stop the work before and within each of them.
 */
export interface RepositoryDisk {
  makeFolder(path: string): Promise<void>;
  /** A new file, or in place of what was there; its content is on the disk when this returns. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** The same with the content of a file; returns the digest of what was written. */
  copy(from: string, to: string, options: ReadOptions): Promise<Sha256>;
  /** Another name for a file. False where the file system cannot. */
  link(from: string, to: string): Promise<boolean>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Names that were made or changed in the folder outlive a loss of power from here on. */
  syncFolder(path: string): Promise<void>;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes of each piece. */
  readonly onBytes?: (count: number) => void;
}

export const repositoryDisk: RepositoryDisk = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  async write(path, content) {
    await using file = await open(path, "w", 0o644);
    await file.writeFile(content);
    await file.sync();
  },
  async copy(from, to, options) {
    await using file = await open(to, "w", 0o644);
    const hash = createHash("sha256");
    let position = 0;
    for await (const piece of readPieces(from, options)) {
      hash.update(piece);
      if (!isZero(piece)) await writeAll(file, piece, position); // disks are mostly holes, and stay so
      position += piece.length;
    }
    await file.truncate(position);
    await file.sync();
    return parseSha256(hash.digest("hex"));
  },
  async link(from, to) {
    try {
      await link(from, to);
      return true;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EXDEV" || code === "EPERM" || code === "EMLINK" || code === "ENOTSUP") return false;
      throw error;
    }
  },
  rename,
  async remove(path) {
    await rm(path, { force: true });
  },
  async syncFolder(path) {
    await using folder = await open(path, "r");
    await folder.sync();
  },
};

/** The digest of a file, read in pieces. */
export async function hashPieces(path: string, options: ReadOptions): Promise<Sha256> {
  const hash = createHash("sha256");
  for await (const piece of readPieces(path, options)) hash.update(piece);
  return parseSha256(hash.digest("hex"));
}

const PIECE_BYTES = 1 << 20;
const ZEROS = Buffer.alloc(PIECE_BYTES);

/** A piece is good until the next one is asked for. */
async function* readPieces(path: string, { signal, onBytes }: ReadOptions): AsyncGenerator<Buffer> {
  await using file = await open(path, "r");
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    onBytes?.(bytesRead);
  }
}

function isZero(piece: Buffer): boolean {
  return ZEROS.subarray(0, piece.length).equals(piece);
}

async function writeAll(file: FileHandle, piece: Buffer, position: number): Promise<void> {
  // One write may take less than it was given; on a full disk the next one says so.
  for (let done = 0; done < piece.length;) {
    const { bytesWritten } = await file.write(piece, done, piece.length - done, position + done);
    done += bytesWritten;
  }
}
