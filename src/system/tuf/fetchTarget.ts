import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { TrustedTarget } from "#trust/trustedChannel.ts";
import { UpdateError } from "#trust/updateError.ts";

import { hashFile, readStamp } from "../files.ts";
import type { StreamStart } from "./streamTarget.ts";

/** Bytes of a target from a start on, unverified until the end: streamTarget with its server. */
export type OpenStream = (start: StreamStart) => AsyncIterable<Uint8Array>;

/**
 * Fetches a target into a file. The file gets its name when it is whole and verified; until then its
 * bytes are in a hidden file beside it, with which a later call goes on.
 */
export async function fetchTarget(
  openStream: OpenStream,
  target: TrustedTarget,
  file: string,
  onProgress: (doneBytes: number) => void = () => {},
): Promise<void> {
  if (await isWhole(file, target)) {
    onProgress(target.sizeBytes);
    return;
  }
  await mkdir(dirname(file), { recursive: true });
  const partial = toPartialName(file, target);
  const start = await readPartial(partial, target);
  try {
    await append(openStream(start), partial, start.doneBytes, target, onProgress);
  } catch (error) {
    if (isBroken(error)) throw error;
    await rm(partial, { force: true });
    // What an earlier run left may have been damaged since: once more, from the beginning.
    if (start.doneBytes === 0) throw error;
    await fetchTarget(openStream, target, file, onProgress);
    return;
  }
  await rename(partial, file);
}

export function toPartialName(file: string, { sha256 }: TrustedTarget): string {
  return join(dirname(file), `.${basename(file)}.${sha256.slice(0, 16)}.partial`);
}

async function isWhole(file: string, target: TrustedTarget): Promise<boolean> {
  const stamp = await readStamp(file);
  return stamp?.sizeBytes === target.sizeBytes && (await hashFile(file)) === target.sha256;
}

async function readPartial(partial: string, target: TrustedTarget): Promise<StreamStart> {
  const hash = createHash("sha256");
  const doneBytes = (await readStamp(partial))?.sizeBytes ?? 0;
  if (doneBytes === 0 || doneBytes > target.sizeBytes) {
    await rm(partial, { recursive: true, force: true });
    return { doneBytes: 0, hash };
  }
  const chunks = createReadStream(partial, { highWaterMark: 1 << 20 });
  for await (const chunk of chunks) hash.update(chunk as Uint8Array); // a stream without encoding yields bytes
  return { doneBytes, hash };
}

async function append(
  chunks: AsyncIterable<Uint8Array>,
  partial: string,
  from: number,
  target: TrustedTarget,
  onProgress: (doneBytes: number) => void,
): Promise<void> {
  const file = await open(partial, from === 0 ? "w" : "r+");
  try {
    let position = from;
    for await (const chunk of chunks) {
      // A disk image is mostly zeros, and stays a file with holes.
      if (!isZero(chunk)) await writeWhole(file, chunk, position);
      position += chunk.length;
      onProgress(position);
    }
    await file.truncate(target.sizeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeWhole(
  file: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

const ZEROS = Buffer.alloc(1 << 16);

function isZero(chunk: Uint8Array): boolean {
  return chunk.length <= ZEROS.length && ZEROS.subarray(0, chunk.length).equals(chunk);
}

/** Whether what came so far may still be right: the way to the server failed, or the disk, or somebody stopped. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof UpdateError)) return true;
  return ["download-truncated", "server-too-slow", "server-unreachable", "server-error"].includes(error.code);
}
