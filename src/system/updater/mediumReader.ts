import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

/**
 * Reads a file or a block device from the medium and not from the page cache: O_DIRECT, open(2). It wants
 * offset, size and memory on boundaries that the device names. Node cannot ask for memory at an
 * address, so the place in a larger piece at which the kernel reads is looked for once, by reading.
 */
export interface MediumReader extends AsyncDisposable {
  /** Fills `into`; in turns, whoever asks. */
  read(offsetBytes: number, into: Uint8Array): Promise<void>;
}

/** Good for every sector size up to this, and the largest that memory has to lie on. */
const BOUNDARY_BYTES = 4096;
const WINDOW_BYTES = 1024 * 1024 + 2 * BOUNDARY_BYTES;
/** No allocator gives less. */
const ADDRESS_STEP_BYTES = 16;

/** Undefined where the file system or the device reads through its cache only. */
export async function openMediumReader(path: string, sizeBytes: number): Promise<MediumReader | undefined> {
  const file = await openDirect(path);
  if (file === undefined) return undefined;
  const window = await findWindow(file, sizeBytes);
  if (window === undefined) {
    await file.close();
    return undefined;
  }
  let last: Promise<unknown> = Promise.resolve();
  return {
    read: (offsetBytes, into) => {
      // There is one window, and readers read ahead.
      const reading = last.then(() => fill(file, window, { offsetBytes, sizeBytes, into }));
      last = reading.catch(() => undefined);
      return reading;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function openDirect(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_DIRECT);
  } catch (error) {
    if (isInvalid(error)) return undefined;
    throw error;
  }
}

/** With its full size, because memory that lies wrong can pass where a read stays within one page. */
async function findWindow(file: FileHandle, sizeBytes: number): Promise<Buffer | undefined> {
  const wantedBytes = Math.min(WINDOW_BYTES, alignUp(sizeBytes));
  const memory = Buffer.allocUnsafeSlow(wantedBytes + BOUNDARY_BYTES);
  for (let start = 0; start < BOUNDARY_BYTES; start += ADDRESS_STEP_BYTES) {
    const window = memory.subarray(start, start + wantedBytes);
    try {
      await file.read(window, 0, wantedBytes, 0);
      return window;
    } catch (error) {
      if (!isInvalid(error)) throw error;
    }
  }
  return undefined;
}

async function fill(
  file: FileHandle,
  window: Buffer,
  { offsetBytes, sizeBytes, into }: { offsetBytes: number; sizeBytes: number; into: Uint8Array },
): Promise<void> {
  if (offsetBytes < 0 || offsetBytes + into.length > sizeBytes)
    throw new RangeError(`${into.length} bytes at ${offsetBytes} are not inside ${sizeBytes}`);
  for (let done = 0; done < into.length;) {
    const at = offsetBytes + done;
    const start = at - (at % BOUNDARY_BYTES);
    const end = Math.min(alignUp(offsetBytes + into.length), start + window.length);
    // The last read may be shorter: a file need not end on a boundary.
    const { bytesRead } = await file.read(window, 0, end - start, start);
    const usable = window.subarray(at - start, Math.min(bytesRead, at - start + into.length - done));
    if (usable.length === 0)
      throw new Error(`Cannot read ${into.length - done} bytes at ${at}: the file ends before`);
    into.set(usable, done);
    done += usable.length;
  }
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / BOUNDARY_BYTES) * BOUNDARY_BYTES;
}

function isInvalid(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EINVAL";
}
