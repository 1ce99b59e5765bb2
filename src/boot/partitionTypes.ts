/**
 * Partition type GUIDs of the Discoverable Partitions Specification (UAPI.2), x86-64. A standard
 * tool finds the file systems of a disk by these alone. Not here: other architectures, /usr, /home,
 * /srv, swap and XBOOTLDR, which no Socle disk has.
 */
export const PARTITION_TYPES = {
  esp: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  root: "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
  "root-verity": "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
  "root-verity-sig": "41092b05-9fc8-4523-994f-2def0408b176",
  var: "4d21b016-b534-45c2-a9fb-5c16e091fd2d",
} as const;

export type PartitionTypeName = keyof typeof PARTITION_TYPES;

/** The name of a type GUID (lower case), or undefined for a partition that is not one of ours. */
export function toPartitionTypeName(typeGuid: string): PartitionTypeName | undefined {
  for (const [name, guid] of Object.entries(PARTITION_TYPES)) {
    if (guid === typeGuid) return name as PartitionTypeName; // a key of PARTITION_TYPES
  }
  return undefined;
}
