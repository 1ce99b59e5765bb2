import { verityTreeSizeBytes } from "#definition/diskSpace.ts";
import type { Sha256 } from "#release/sha256.ts";

import type { ImageKind, SlotDevices } from "./updateDevices.ts";
import { UpdateWriteError } from "./updateWriteError.ts";
import { VERITY_BLOCK_BYTES } from "./veritySuperblock.ts";

/** What a slot is to hold, as the signed manifest says it. */
export interface SlotRelease {
  /** Everything in root and hash tree follows from it. */
  readonly rootHash: Sha256;
  readonly rootBytes: number;
  readonly verityBytes: number;
  readonly signatureBytes: number;
  /** Of the signature's file. */
  readonly signatureSha256: Sha256;
}

/** The images that a slot holds. */
export type SlotImageKind = Exclude<ImageKind, "uki">;

export function totalBytesOf({ rootBytes, verityBytes, signatureBytes }: SlotRelease): number {
  return rootBytes + verityBytes + signatureBytes;
}

/** Throws unless the sizes belong together and fit; after this no size needs to be looked at again. */
export function verifySlotSizes(slot: SlotDevices, release: SlotRelease): void {
  const { rootBytes, verityBytes, signatureBytes } = release;
  const wanted = {
    root: { device: slot.root, bytes: rootBytes },
    verity: { device: slot.verity, bytes: verityBytes },
    "root-signature": { device: slot.signature, bytes: signatureBytes },
  } satisfies Record<SlotImageKind, unknown>;
  for (const [kind, { bytes }] of Object.entries(wanted)) {
    if (Number.isSafeInteger(bytes) && bytes > 0 && bytes % VERITY_BLOCK_BYTES === 0) continue;
    inconsistent(`${kind} has ${bytes} bytes, wanted a multiple of ${VERITY_BLOCK_BYTES}`);
  }
  const treeBytes = verityTreeSizeBytes(rootBytes);
  if (verityBytes !== treeBytes)
    inconsistent(`the hash tree of ${rootBytes} bytes has ${treeBytes}, found ${verityBytes}`);
  for (const [kind, { device, bytes }] of Object.entries(wanted)) {
    if (bytes <= device.sizeBytes) continue;
    throw new UpdateWriteError(
      "slot-too-small",
      `Cannot write the release into the slot: ${kind} has ${bytes} bytes, its partition ${device.sizeBytes}`,
      {
        hint: "The release was laid out for a larger disk: install it anew, or build it with smaller slots.",
      },
    );
  }
}

function inconsistent(reason: string): never {
  throw new UpdateWriteError(
    "release-inconsistent",
    `Cannot write the release into the slot: its manifest contradicts itself: ${reason}`,
  );
}
