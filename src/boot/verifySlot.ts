import { findWrongRuns, listHashedBlocks } from "./hashedBlocks.ts";
import { holdsSignature } from "./signaturePartition.ts";
import { totalBytesOf, verifySlotSizes, type SlotImageKind, type SlotRelease } from "./slotRelease.ts";
import type { SlotDevices } from "./updateDevices.ts";
import { UpdateWriteError } from "./updateWriteError.ts";
import { VERITY_BLOCK_BYTES } from "./veritySuperblock.ts";

export interface SlotVerification {
  readonly kind: SlotImageKind;
  readonly totalBytes: number;
  readonly verifiedBytes: number;
}

/** Reads everything back, and throws unless every bit of root, hash tree and signature is as the release has it. */
export async function verifySlot(
  slot: SlotDevices,
  release: SlotRelease,
  onProgress: (progress: SlotVerification) => void = () => undefined,
  signal?: AbortSignal,
): Promise<void> {
  verifySlotSizes(slot, release);
  const totalBytes = totalBytesOf(release);
  let verifiedBytes = 0;
  const count = (kind: SlotImageKind, bytes: number) => {
    verifiedBytes += bytes;
    onProgress({ kind, totalBytes, verifiedBytes });
  };
  if (!(await holdsSignature(slot.signature, release))) throw damaged("root-signature");
  count("root-signature", release.signatureBytes);
  for (const blocks of listHashedBlocks(slot, release)) {
    const { kind, offsetBytes } = blocks;
    for await (const { first } of findWrongRuns(blocks, (bytes) => count(kind, bytes), signal))
      throw damaged(`the block at byte ${offsetBytes + first * VERITY_BLOCK_BYTES} of ${kind}`);
  }
}

function damaged(what: string): UpdateWriteError {
  return new UpdateWriteError("slot-damaged", `Cannot use the slot: ${what} is not what was signed`, {
    hint: "Write it again. If that does not help, the disk loses what is written to it.",
  });
}
