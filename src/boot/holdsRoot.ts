import { verityTreeSizeBytes } from "#definition/diskSpace.ts";
import { parseSha256 } from "#release/sha256.ts";

import { findWrongRuns, listHashedBlocks } from "./hashedBlocks.ts";
import type { SlotDevices } from "./updateDevices.ts";
import type { SlotVerification } from "./verifySlot.ts";
import { parseVeritySuperblock, VERITY_BLOCK_BYTES, VerityTreeError } from "./veritySuperblock.ts";

interface CheckOptions {
  readonly onProgress?: (progress: SlotVerification) => void;
  readonly signal?: AbortSignal;
}

/**
 * Whether every block of root and hash tree is what the root hash stands for. Nothing else is needed: the tree says how
 * large the root is. Not looked at: the signature of the root hash, whose digest only the release's manifest has; the
 * kernel checks it when it opens the root.
 */
export async function holdsRoot(
  slot: Pick<SlotDevices, "root" | "verity">,
  rootHash: string,
  { onProgress = () => undefined, signal }: CheckOptions = {},
): Promise<boolean> {
  try {
    const { dataBlocks } = parseVeritySuperblock(await slot.verity.read(0, VERITY_BLOCK_BYTES));
    const rootBytes = dataBlocks * VERITY_BLOCK_BYTES;
    const verityBytes = verityTreeSizeBytes(rootBytes);
    if (rootBytes > slot.root.sizeBytes || verityBytes > slot.verity.sizeBytes) return false;
    const totalBytes = rootBytes + verityBytes;
    let verifiedBytes = 0;
    for (const blocks of listHashedBlocks(slot, { rootHash: parseSha256(rootHash), rootBytes })) {
      const count = (bytes: number) => {
        verifiedBytes += bytes;
        onProgress({ kind: blocks.kind, totalBytes, verifiedBytes });
      };
      for await (const _wrong of findWrongRuns(blocks, count, signal)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof VerityTreeError) return false;
    throw error;
  }
}
