import type { GptPartition } from "./gptTable.ts";
import { SECTOR_BYTES } from "./gptTable.ts";
import type { Slot } from "./slots.ts";
import type { BlockDevice, SlotDevices } from "./updateDevices.ts";

/** A partition as a device of its own: nothing outside of it can be read or written through it. */
export function toPartitionDevice(disk: BlockDevice, { firstSector, lastSector }: GptPartition): BlockDevice {
  const startBytes = firstSector * SECTOR_BYTES;
  const partitionBytes = (lastSector - firstSector + 1) * SECTOR_BYTES;
  const toPlace = (offsetBytes: number, sizeBytes: number): number => {
    if (offsetBytes >= 0 && sizeBytes >= 0 && offsetBytes + sizeBytes <= partitionBytes)
      return startBytes + offsetBytes;
    throw new RangeError(
      `${sizeBytes} bytes at ${offsetBytes} are not inside a partition of ${partitionBytes}`,
    );
  };
  return {
    sizeBytes: partitionBytes,
    read: async (offsetBytes, sizeBytes, into) => disk.read(toPlace(offsetBytes, sizeBytes), sizeBytes, into),
    write: async (offsetBytes, bytes) => disk.write(toPlace(offsetBytes, bytes.length), bytes),
    flush: async () => disk.flush(),
  };
}

export function toSlotDevices(disk: BlockDevice, { root, verity, signature }: Slot): SlotDevices {
  return {
    root: toPartitionDevice(disk, root),
    verity: toPartitionDevice(disk, verity),
    signature: toPartitionDevice(disk, signature),
  };
}
