import { findWrongRuns, listHashedBlocks } from "./hashedBlocks.ts";
import { holdsSignature } from "./signaturePartition.ts";
import { totalBytesOf, verifySlotSizes, type SlotRelease } from "./slotRelease.ts";
import type { SlotDevices } from "./updateDevices.ts";
import { VerityTreeError } from "./veritySuperblock.ts";

/**
 * What writing a release into the slot would fetch at most, by what is right in it already. Below a level of the
 * hash tree that has a hole nothing can be told: all of that counts as missing.
 */
export async function countMissingBytes(
  slot: SlotDevices,
  release: SlotRelease,
  signal?: AbortSignal,
): Promise<number> {
  verifySlotSizes(slot, release);
  let missingBytes = totalBytesOf(release);
  if (await holdsSignature(slot.signature, release)) missingBytes -= release.signatureBytes;
  const count = (bytes: number) => (missingBytes -= bytes);
  try {
    for (const blocks of listHashedBlocks(slot, release)) {
      let isWhole = true;
      for await (const _run of findWrongRuns(blocks, count, signal)) isWhole = false;
      if (!isWhole && blocks.kind !== "root") break;
    }
  } catch (error) {
    // Somebody writes it at this moment: what was counted so far is right.
    if (!(error instanceof VerityTreeError)) throw error;
  }
  return missingBytes;
}
