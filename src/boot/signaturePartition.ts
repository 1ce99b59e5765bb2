import { createHash } from "node:crypto";

import { PIECE_BYTES } from "./readPieces.ts";
import type { SlotRelease } from "./slotRelease.ts";
import type { BlockDevice } from "./updateDevices.ts";

/** The partition of the root hash's signature: the file that was signed for, then zeros to the end (UAPI.2). */
export async function holdsSignature(
  device: BlockDevice,
  { signatureBytes, signatureSha256 }: SlotRelease,
): Promise<boolean> {
  const sha256 = createHash("sha256");
  for (const { offsetBytes, sizeBytes } of piecesOf(0, signatureBytes))
    sha256.update(await device.read(offsetBytes, sizeBytes));
  if (sha256.digest("hex") !== signatureSha256) return false;
  for (const { offsetBytes, sizeBytes } of piecesOf(signatureBytes, device.sizeBytes)) {
    if (Buffer.compare(await device.read(offsetBytes, sizeBytes), Buffer.alloc(sizeBytes)) !== 0)
      return false;
  }
  return true;
}

/** `signature`: checked already. */
export async function writeSignature(device: BlockDevice, signature: Uint8Array): Promise<void> {
  await device.write(0, signature);
  for (const { offsetBytes, sizeBytes } of piecesOf(signature.length, device.sizeBytes))
    await device.write(offsetBytes, Buffer.alloc(sizeBytes));
}

function* piecesOf(
  startBytes: number,
  endBytes: number,
): Generator<{ offsetBytes: number; sizeBytes: number }> {
  for (let offsetBytes = startBytes; offsetBytes < endBytes; offsetBytes += PIECE_BYTES)
    yield { offsetBytes, sizeBytes: Math.min(PIECE_BYTES, endBytes - offsetBytes) };
}
