import { open, type FileHandle } from "node:fs/promises";

/** A piece of a disk image: a whole file, or bytes, at an offset. */
export type DiskPiece =
  | { readonly offsetBytes: number; readonly file: string }
  | { readonly offsetBytes: number; readonly bytes: Uint8Array };

const CHUNK_BYTES = 4 << 20;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** Writes a disk image of the given size; where nothing or only zeros are written it stays a hole. */
export async function writeDisk(path: string, sizeBytes: number, pieces: readonly DiskPiece[], signal?: AbortSignal): Promise<void> {
  const disk = await open(path, "wx");
  try {
    await disk.truncate(sizeBytes);
    for (const piece of pieces) {
      if ("bytes" in piece) await disk.write(piece.bytes, 0, piece.bytes.length, piece.offsetBytes);
      else await copyFileInto(disk, piece.file, piece.offsetBytes, signal);
    }
  } finally {
    await disk.close();
  }
}

async function copyFileInto(disk: FileHandle, file: string, offsetBytes: number, signal?: AbortSignal): Promise<void> {
  const from = await open(file, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let position = 0; ; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await from.read(chunk, 0, CHUNK_BYTES, position);
      if (bytesRead === 0) return;
      const read = chunk.subarray(0, bytesRead);
      if (!read.equals(ZEROS.subarray(0, bytesRead))) await disk.write(read, 0, bytesRead, offsetBytes + position);
      position += bytesRead;
    }
  } finally {
    await from.close();
  }
}
