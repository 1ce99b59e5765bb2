import { UpdateWriteError } from "./updateWriteError.ts";
import { VERITY_BLOCK_BYTES } from "./veritySuperblock.ts";

/** How much is read, checked and written at once. */
export const PIECE_BYTES = 1024 * 1024;

/**
 * What a source sends, in pieces of whole blocks: `sizeBytes`, a multiple of a block, no less and no more. A piece is
 * good until the next is asked for: all lie in `memory`, which has the size of a piece.
 */
export async function* readPieces(
  chunks: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  signal?: AbortSignal,
  memory: Buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, sizeBytes)),
): AsyncGenerator<Buffer> {
  let filled = 0;
  let missing = sizeBytes;
  try {
    for await (const chunk of untilAborted(chunks, signal)) {
      for (let start = 0; start < chunk.length;) {
        if (missing === 0) throw endless(sizeBytes);
        const taken = Math.min(chunk.length - start, memory.length - filled, missing);
        memory.set(chunk.subarray(start, start + taken), filled);
        start += taken;
        filled += taken;
        missing -= taken;
        if (filled < memory.length && missing > 0) continue;
        yield memory.subarray(0, filled);
        filled = 0;
      }
    }
    if (missing > 0) throw truncated(sizeBytes - missing, sizeBytes);
  } catch (error) {
    // What came whole is worth keeping: over a line that breaks often, each try gets further.
    const whole = filled - (filled % VERITY_BLOCK_BYTES);
    if (whole > 0 && signal?.aborted !== true) yield memory.subarray(0, whole);
    throw error;
  }
}

/**
 * Stops waiting for a source that hangs: it need not know of the signal. Not by `Promise.race` with one promise for all
 * turns: that would keep every chunk until its end.
 */
async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let stopWaiting: (reason: unknown) => void = () => undefined;
  const onAbort = () => stopWaiting(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        stopWaiting = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    const closed = Promise.resolve(iterator.return?.()).catch(() => undefined);
    if (signal?.aborted !== true) await closed; // one that hangs would keep us
  }
}

function endless(sizeBytes: number): UpdateWriteError {
  return new UpdateWriteError(
    "endless-data",
    `Cannot write the release into the slot: the server sends more than the ${sizeBytes} bytes that were asked for`,
  );
}

function truncated(foundBytes: number, sizeBytes: number): UpdateWriteError {
  return new UpdateWriteError(
    "download-truncated",
    `Cannot write the release into the slot: the server sent ${foundBytes} of ${sizeBytes} bytes`,
    { hint: "Try again: what has arrived is kept." },
  );
}
