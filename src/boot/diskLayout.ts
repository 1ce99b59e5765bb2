import { SIGNATURE_SLOT_SIZE_BYTES } from "#definition/diskSpace.ts";
import { VAR_POLICIES } from "#definition/levels.ts";
import { MIB } from "#definition/size.ts";

import {
  alignDown,
  ALIGNMENT_BYTES,
  alignUp,
  verifyContents,
  verifyDiskSize,
  verifyName,
} from "./diskLayoutFit.ts";
import type { DiskContents, DiskDefinition, SizeWish } from "./diskLayoutFit.ts";
import { GPT_BACKUP_SECTORS, SECTOR_BYTES } from "./gptTable.ts";
import type { Gpt, GptAttributes } from "./gptTable.ts";
import { PARTITION_TYPES } from "./partitionTypes.ts";
import type { PartitionTypeName } from "./partitionTypes.ts";
import { rootUuidsOf, systemUuidOf } from "./partitionUuids.ts";

/**
 * The partitions of a system's disk. Verified: ESP, two slots of root, hash tree and signature, and
 * /var where it persists. Classic: ESP and one writable root. Names `ID_VERSION` and `_empty` are those of
 * UAPI.2, by which systemd-sysupdate finds the version in a slot and the free slot.
 */
export interface DiskLayout {
  readonly sizeBytes: number;
  readonly diskGuid: string;
  readonly partitions: readonly PartitionPlan[];
}

export type PartitionRole =
  | "esp"
  | "root-a"
  | "verity-a"
  | "signature-a"
  | "root-b"
  | "verity-b"
  | "signature-b"
  | "var";

/** The number in the partition table of each slot's root; a machine tells by it which slot it runs from. */
export const ROOT_PARTITION_NUMBERS = { A: 2, B: 5 } as const;

export interface PartitionPlan {
  readonly number: number;
  readonly role: PartitionRole;
  readonly typeGuid: string;
  readonly uuid: string;
  readonly name: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly attributes: GptAttributes;
}

const VAR_LEAST_BYTES = 64 * MIB;

export function planDiskLayout(definition: DiskDefinition, contents: DiskContents): DiskLayout {
  const { disk, id } = definition;
  verifyName(definition);
  verifyContents(definition, contents);
  return {
    sizeBytes: disk.sizeBytes,
    diskGuid: systemUuidOf(id, "disk"),
    partitions: placePartitions(disk.sizeBytes, listPartitions(definition, contents)),
  };
}

export function toGpt(layout: DiskLayout): Gpt {
  return {
    diskGuid: layout.diskGuid,
    sizeBytes: layout.sizeBytes,
    partitions: layout.partitions.map(
      ({ number, typeGuid, uuid, name, attributes, offsetBytes, sizeBytes }) => {
        const firstSector = offsetBytes / SECTOR_BYTES;
        return {
          number,
          typeGuid,
          uuid,
          name,
          attributes,
          firstSector,
          lastSector: firstSector + sizeBytes / SECTOR_BYTES - 1,
        };
      },
    ),
  };
}

interface PartitionWish extends SizeWish {
  readonly role: PartitionRole;
  readonly type: PartitionTypeName;
  readonly uuid: string;
  readonly name: string;
  readonly attributes: GptAttributes;
}

/** The disk from front to back, as one list. */
function listPartitions(
  { id, version, policies, disk }: DiskDefinition,
  { verity }: DiskContents,
): PartitionWish[] {
  const name = `${id}_${version}`;
  const readOnly = { readOnly: true };
  const esp: PartitionWish = {
    role: "esp",
    type: "esp",
    uuid: systemUuidOf(id, "esp"),
    name: "esp",
    sizeBytes: disk.espSizeBytes,
    attributes: {},
  };
  if (verity === undefined) {
    return [
      esp,
      {
        role: "root-a",
        type: "root",
        uuid: systemUuidOf(id, "root"),
        name,
        sizeBytes: disk.rootSlotSizeBytes,
        takesRest: true,
        attributes: { growFileSystem: true },
      },
    ];
  }
  const slotA = rootUuidsOf(verity.rootHash);
  const root = { type: "root", sizeBytes: disk.rootSlotSizeBytes, attributes: readOnly } as const;
  const tree = { type: "root-verity", sizeBytes: disk.veritySlotSizeBytes, attributes: readOnly } as const;
  const signature = {
    type: "root-verity-sig",
    sizeBytes: SIGNATURE_SLOT_SIZE_BYTES,
    attributes: readOnly,
  } as const;
  const slots: PartitionWish[] = [
    { ...root, role: "root-a", uuid: slotA.root, name },
    { ...tree, role: "verity-a", uuid: slotA.verity, name },
    { ...signature, role: "signature-a", uuid: slotA.signature, name },
    { ...root, role: "root-b", uuid: systemUuidOf(id, "root-b"), name: "_empty" },
    { ...tree, role: "verity-b", uuid: systemUuidOf(id, "verity-b"), name: "_empty" },
    { ...signature, role: "signature-b", uuid: systemUuidOf(id, "signature-b"), name: "_empty" },
  ];
  if (!VAR_POLICIES[policies.var].persists) return [esp, ...slots];
  return [
    esp,
    ...slots,
    {
      role: "var",
      type: "var",
      uuid: systemUuidOf(id, "var"),
      name: "var",
      sizeBytes: VAR_LEAST_BYTES,
      takesRest: true,
      attributes: { growFileSystem: true },
    },
  ];
}

function placePartitions(diskBytes: number, wishes: readonly PartitionWish[]): PartitionPlan[] {
  const endBytes = alignDown(diskBytes - GPT_BACKUP_SECTORS * SECTOR_BYTES);
  verifyDiskSize(diskBytes, wishes);
  let nextBytes = ALIGNMENT_BYTES; // the first MiB is the table's
  return wishes.map(({ role, type, uuid, name, attributes, takesRest, sizeBytes: wishedBytes }, index) => {
    const offsetBytes = nextBytes;
    const sizeBytes = takesRest ? endBytes - offsetBytes : alignUp(wishedBytes);
    nextBytes += sizeBytes;
    return {
      number: index + 1,
      role,
      typeGuid: PARTITION_TYPES[type],
      uuid,
      name,
      offsetBytes,
      sizeBytes,
      attributes,
    };
  });
}
