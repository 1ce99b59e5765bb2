import { fork } from "node:child_process";
import { freemem } from "node:os";

/** Left alone, so that nothing else on the machine is pushed out. */
const SPARE_BYTES = 2 << 30;
const PIECE_BYTES = 256 << 20;

/**
 * Uses all free memory once and gives it back. On a virtual machine a page that was never touched
 * is slow at first, since its host has yet to find it: whoever is measured first would pay for that.
 */
export async function touchMemory(): Promise<number> {
  const bytes = Math.max(0, freemem() - SPARE_BYTES);
  const child = fork(import.meta.filename, [String(bytes)]);
  await new Promise((resolve) => child.once("close", resolve));
  return bytes;
}

// This file is also the program that does it, so that its memory is free again when it ends.
const wanted = Number(process.argv[2]);
if (process.argv[1] === import.meta.filename && wanted > 0) {
  const pieces: Buffer[] = [];
  for (let done = 0; done < wanted; done += PIECE_BYTES) pieces.push(Buffer.alloc(PIECE_BYTES, 1));
  process.exitCode = pieces.every((piece) => piece[0] === 1) ? 0 : 1;
}
