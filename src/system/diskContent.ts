import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** A piece of a disk image, at an offset: bytes, or a file, or a part of one. */
export type DiskPiece =
  | { readonly offsetBytes: number; readonly bytes: Uint8Array }
  | { readonly offsetBytes: number; readonly file: string; readonly part?: FilePart };

export interface FilePart {
  readonly startBytes: number;
  readonly sizeBytes: number;
}

type OpenPiece = { readonly start: number; readonly end: number } & (
  | { readonly bytes: Uint8Array }
  | { readonly file: number; readonly from: number }
);

/** What a disk image of these pieces holds. */
export class DiskContent implements Disposable {
  readonly sizeBytes: number;
  readonly #pieces: readonly OpenPiece[];

  /** @throws {RangeError} where pieces overlap or do not fit */
  constructor(sizeBytes: number, pieces: readonly DiskPiece[]) {
    this.sizeBytes = sizeBytes;
    this.#pieces = pieces.map(open).toSorted((a, b) => a.start - b.start);
    let position = 0;
    for (const { start, end } of this.#pieces) {
      if (start < position) throw new RangeError(`Cannot write the disk: two pieces overlap at ${position}`);
      position = end;
    }
    if (position > sizeBytes)
      throw new RangeError(`Cannot write the disk: ${position} bytes do not fit into ${sizeBytes}`);
  }

  [Symbol.dispose](): void {
    for (const piece of this.#pieces) if ("file" in piece) closeSync(piece.file);
  }

  /** Whether no piece is there, and so only zeros. */
  isHole(offset: number, sizeBytes: number): boolean {
    return this.#piecesIn(offset, offset + sizeBytes).length === 0;
  }

  /** Fills `into` with what is at the offset; zeros beyond the end. */
  read(into: Uint8Array, offset: number): void {
    const end = offset + into.length;
    const pieces = this.#piecesIn(offset, end);
    const isCovered =
      pieces.length === 1 && pieces.every((piece) => piece.start <= offset && piece.end >= end);
    if (!isCovered) into.fill(0);
    for (const piece of pieces) {
      const from = Math.max(piece.start, offset);
      readPiece(piece, from - piece.start, into.subarray(from - offset, Math.min(piece.end, end) - offset));
    }
  }

  #piecesIn(start: number, end: number): OpenPiece[] {
    return this.#pieces.filter((piece) => piece.start < end && piece.end > start);
  }
}

function open(piece: DiskPiece): OpenPiece {
  const start = piece.offsetBytes;
  if ("bytes" in piece) return { start, end: start + piece.bytes.length, bytes: piece.bytes };
  const file = openSync(piece.file, "r");
  const { startBytes, sizeBytes } = piece.part ?? { startBytes: 0, sizeBytes: fstatSync(file).size };
  return { start, end: start + sizeBytes, file, from: startBytes };
}

function readPiece(piece: OpenPiece, offset: number, into: Uint8Array): void {
  if ("bytes" in piece) {
    into.set(piece.bytes.subarray(offset, offset + into.length));
    return;
  }
  for (let done = 0; done < into.length;) {
    const count = readSync(piece.file, into, done, into.length - done, piece.from + offset + done);
    if (count === 0) throw new RangeError("Cannot write the disk: a file of it became shorter meanwhile");
    done += count;
  }
}
