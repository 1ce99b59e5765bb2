import { closeSync, constants, openSync, writeSync } from "node:fs";

/** A multiple of every disk's block. */
const ALIGNMENT_BYTES = 4096;
const WASM_PAGE_BYTES = 1 << 16;

/**
 * A disk that takes less than this of one file, while another is written too, is left to the page cache. Far
 * below what pays on an idle machine: on a busy one a quick disk seems slow.
 */
const LEAST_BYTES_PER_MS = 100_000;
const TRIED_BYTES = 64 << 20;

/** What is used of it here; its types are otherwise those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

/** Memory that starts at a page, as `DirectFile` wants it: only WebAssembly's does so in Node. */
export function alignedBuffer(sizeBytes: number): Uint8Array {
  const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(sizeBytes / WASM_PAGE_BYTES) });
  return new Uint8Array(buffer, 0, sizeBytes);
}

/**
 * A new file that is written past the page cache (O_DIRECT), where that goes and the disk is quick. Its
 * hundreds of megabytes would push out what the next build reads; and in a virtual machine whose host
 * takes free memory back, a new page of the cache takes four times as long as the disk.
 */
export class DirectFile implements Disposable {
  readonly #file: number;
  #direct: number | undefined;
  #writtenBytes = 0;
  #tookMs = 0;

  constructor(path: string) {
    this.#file = openSync(path, "wx");
    this.#direct = openDirect(path);
  }

  /** @param bytes all of it or the start of an `alignedBuffer`; what is not goes through the page cache */
  write(bytes: Uint8Array, offset: number): void {
    let done = this.#writeDirect(bytes, offset);
    // One write may take less than it was given; on a full disk the next one says so.
    while (done < bytes.length)
      done += writeSync(this.#file, bytes, done, bytes.length - done, offset + done);
  }

  [Symbol.dispose](): void {
    this.#endDirect();
    closeSync(this.#file);
  }

  /** How much it took. */
  #writeDirect(bytes: Uint8Array, offset: number): number {
    const isAligned = [bytes.byteOffset, bytes.length, offset].every((at) => at % ALIGNMENT_BYTES === 0);
    if (this.#direct === undefined || !isAligned) return 0;
    try {
      const startedAt = performance.now();
      const count = writeSync(this.#direct, bytes, 0, bytes.length, offset);
      this.#tookMs += performance.now() - startedAt;
      this.#writtenBytes += count;
      if (this.#writtenBytes >= TRIED_BYTES && this.#writtenBytes / this.#tookMs < LEAST_BYTES_PER_MS)
        this.#endDirect();
      return count;
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.#endDirect();
      return 0;
    }
  }

  #endDirect(): void {
    if (this.#direct !== undefined) closeSync(this.#direct);
    this.#direct = undefined;
  }
}

function openDirect(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_DIRECT);
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/** What file systems without O_DIRECT, or with larger blocks, say (open(2)). */
function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EINVAL" || error.code === "ENOTSUP");
}
