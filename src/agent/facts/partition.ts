import { parseAssignments } from "./assignments.ts";
import type { ImageDescription, SlotName } from "./imageDescription.ts";

export interface Partition {
  /** Kernel name, e.g. `vda2`. */
  readonly device: string;
  /** Number in the partition table, from 1. */
  readonly number: number;
  /** Label in the partition table; empty when there is none. */
  readonly label: string;
}

/** The `uevent` file of a block device in sysfs; undefined for a device that is no partition. */
export function parsePartition(uevent: string): Partition | undefined {
  const values = parseAssignments(uevent);
  const device = values.get("DEVNAME");
  const number = Number(values.get("PARTN"));
  if (values.get("DEVTYPE") !== "partition" || device === undefined || !Number.isInteger(number))
    return undefined;
  return { device, number, label: values.get("PARTNAME") ?? "" };
}

/**
 * Which of the partitions below the mounted root holds its data. A dm-verity device lies on two: one is
 * a root slot, the other holds the hash tree. A root without dm-verity lies on the only one.
 */
export function chooseRootPartition(
  partitions: readonly Partition[],
  { rootSlots }: Pick<ImageDescription, "rootSlots">,
): Partition | undefined {
  const inSlot = partitions.find((partition) => toSlotName(partition, { rootSlots }) !== undefined);
  return inSlot ?? (partitions.length === 1 ? partitions[0] : undefined);
}

export function toSlotName(
  partition: Partition,
  { rootSlots }: Pick<ImageDescription, "rootSlots">,
): SlotName | undefined {
  if (partition.number === rootSlots.A) return "A";
  if (partition.number === rootSlots.B) return "B";
  return undefined;
}
