import { createHash } from "node:crypto";

import {
  contentBytesOf,
  decodePeSections,
  decodePeText,
  PortableExecutableError,
} from "./portableExecutable.ts";

export interface ExaminedUki {
  readonly sha256: string;
  /** Of the root that its command line names; undefined where none is named or the bytes are no kernel image. */
  readonly rootHash: string | undefined;
}

/** Enough for the section table of every kernel image. */
const HEAD_BYTES = 4096;
/** No kernel takes a longer command line: COMMAND_LINE_SIZE is 2048 on x86-64. */
const MAX_COMMAND_LINE_BYTES = 4096;

/** Reads a kernel image once, from its beginning to its end, and keeps nothing of it but its command line. */
export async function examineUki(pieces: AsyncIterable<Uint8Array>): Promise<ExaminedUki> {
  const hash = createHash("sha256");
  let head = Buffer.alloc(0);
  let commandLine: Excerpt | undefined;
  let doneBytes = 0;
  for await (const piece of pieces) {
    hash.update(piece);
    if (head.length < HEAD_BYTES) {
      head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES - head.length)]);
      if (head.length === HEAD_BYTES) commandLine = findCommandLine(head);
    }
    commandLine?.take(doneBytes, piece);
    doneBytes += piece.length;
  }
  if (head.length < HEAD_BYTES) commandLine = findCommandLine(head);
  return { sha256: hash.digest("hex"), rootHash: findRootHash(commandLine?.text()) };
}

/** With what of it lies in the head already. */
function findCommandLine(head: Buffer): Excerpt | undefined {
  try {
    const section = decodePeSections(head).find(({ name }) => name === ".cmdline");
    if (section === undefined) return undefined;
    const sizeBytes = contentBytesOf(section);
    if (sizeBytes > MAX_COMMAND_LINE_BYTES) return undefined;
    const excerpt = new Excerpt(section.fileOffsetBytes, sizeBytes);
    excerpt.take(0, head);
    return excerpt;
  } catch (error) {
    if (error instanceof PortableExecutableError) return undefined;
    throw error;
  }
}

function findRootHash(commandLine = ""): string | undefined {
  return /(?:^|\s)roothash=([0-9a-f]{64})(?:\s|$)/.exec(commandLine)?.[1];
}

/** A part of a file that passes by. */
class Excerpt {
  readonly #offsetBytes: number;
  readonly #bytes: Buffer;
  #takenBytes = 0;

  constructor(offsetBytes: number, sizeBytes: number) {
    this.#offsetBytes = offsetBytes;
    this.#bytes = Buffer.alloc(sizeBytes);
  }

  take(atBytes: number, piece: Uint8Array): void {
    const from = Math.max(this.#offsetBytes + this.#takenBytes, atBytes);
    const end = Math.min(this.#offsetBytes + this.#bytes.length, atBytes + piece.length);
    if (from !== this.#offsetBytes + this.#takenBytes || from >= end) return;
    this.#bytes.set(piece.subarray(from - atBytes, end - atBytes), this.#takenBytes);
    this.#takenBytes += end - from;
  }

  /** Empty while a part is missing. */
  text(): string {
    return this.#takenBytes === this.#bytes.length ? decodePeText(this.#bytes) : "";
  }
}
