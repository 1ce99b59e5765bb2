import { open, type FileHandle } from "node:fs/promises";

import type { BlockDevice } from "#boot/updateDevices.ts";

import { runCommand } from "../runCommand.ts";
import { openMediumReader, type MediumReader } from "./mediumReader.ts";

export interface OpenBlockDevice extends BlockDevice, AsyncDisposable {
  /** Whether a read asks the medium itself each time; else the cache is dropped at each flush. */
  readonly readsMedium: boolean;
}

/**
 * A whole disk, or a file that stands for one. It is written through the page cache, which makes large
 * writes of what comes in, and flushed by fdatasync(2), which also empties the disk's own cache. The
 * disk is written while partitions of it are mounted: the kernel guards each device, not those that it is
 * a part of. Its cache is another than the partitions': a page that reaches into a mounted partition would be
 * written back as it once was, but all partitions begin and end on pages (`ALIGNMENT_BYTES`, systemd-repart).
 */
export async function openBlockDevice(path: string): Promise<OpenBlockDevice> {
  const file = await open(path, "r+");
  try {
    const sizeBytes = await readSize(file, path);
    const medium = await openMediumReader(path, sizeBytes);
    return toDevice(file, { path, sizeBytes, medium });
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface DeviceParts {
  readonly path: string;
  readonly sizeBytes: number;
  readonly medium: MediumReader | undefined;
}

function toDevice(file: FileHandle, { path, sizeBytes, medium }: DeviceParts): OpenBlockDevice {
  return {
    sizeBytes,
    readsMedium: medium !== undefined,
    read: async (offsetBytes, readBytes, into = Buffer.allocUnsafeSlow(readBytes)) => {
      if (medium === undefined) await readFully(file, offsetBytes, into);
      else await medium.read(offsetBytes, into);
      return into;
    },
    write: async (offsetBytes, bytes) => {
      if (offsetBytes < 0 || offsetBytes + bytes.length > sizeBytes)
        throw new RangeError(`${bytes.length} bytes at ${offsetBytes} are not inside ${sizeBytes}`);
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offsetBytes + done);
        done += bytesWritten;
      }
    },
    flush: async () => {
      await file.datasync();
      if (medium === undefined && (await file.stat()).isBlockDevice())
        await runCommand(["blockdev", "--flushbufs", path]);
    },
    [Symbol.asyncDispose]: async () => {
      await medium?.[Symbol.asyncDispose]();
      await file.close();
    },
  };
}

/** stat(2) says 0 for a block device. */
async function readSize(file: FileHandle, path: string): Promise<number> {
  const stats = await file.stat();
  if (!stats.isBlockDevice()) return stats.size;
  const { stdout } = await runCommand(["blockdev", "--getsize64", path]);
  return Number(stdout);
}

async function readFully(file: FileHandle, offsetBytes: number, into: Uint8Array): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, offsetBytes + done);
    if (bytesRead === 0)
      throw new RangeError(`${into.length} bytes at ${offsetBytes} are not inside the device`);
    done += bytesRead;
  }
}
