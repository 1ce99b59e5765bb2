import assert from "node:assert/strict";

import type { Definition } from "#definition/definition.ts";
import { MIB } from "#definition/size.ts";
import { SocleError } from "#progress/socleError.ts";

import { GPT_NAME_MAX_UNITS, SECTOR_BYTES } from "./gptTable.ts";

/** Whether a disk of the definition's sizes holds what is to be put on it, and what to change if not. */
export type DiskDefinition = Pick<Definition, "id" | "version" | "policies" | "disk">;

/** What the partitions must be able to hold. */
export interface DiskContents {
  /** Files of the ESP, together with the second UKI that the first update will put beside them. */
  readonly espFilesBytes: number;
  readonly rootImageBytes: number;
  /** Exactly where /usr is verified. */
  readonly verity?: { readonly rootHash: string; readonly hashTreeBytes: number };
}

export type DiskLayoutErrorCode = "disk-too-small" | "slot-too-small" | "name-too-long" | "size-not-sectors";

export class DiskLayoutError extends SocleError<DiskLayoutErrorCode> {
  override readonly name = "DiskLayoutError";
}

/** Everything starts at whole MiB; the first belongs to the partition table. */
export const ALIGNMENT_BYTES = MIB;

export interface SizeWish {
  readonly role: string;
  /** The least when `takesRest` is set. */
  readonly sizeBytes: number;
  readonly takesRest?: boolean;
}

export function verifyDiskSize(diskBytes: number, wishes: readonly SizeWish[]): void {
  if (diskBytes % SECTOR_BYTES !== 0) {
    throw new DiskLayoutError(
      "size-not-sectors",
      `Cannot lay out a disk of ${diskBytes} bytes: wanted a multiple of ${SECTOR_BYTES}`,
      {
        hint: "Set disk.size in the definition to whole MiB.",
      },
    );
  }
  const tableBytes = 2 * ALIGNMENT_BYTES; // in front and, up to the next MiB, at the end
  const neededBytes = wishes.reduce((total, { sizeBytes }) => total + alignUp(sizeBytes), tableBytes);
  if (neededBytes <= diskBytes) return;
  const list = wishes.map(
    ({ role, sizeBytes, takesRest }) => `${role} ${takesRest ? "at least " : ""}${toMib(alignUp(sizeBytes))}`,
  );
  throw new DiskLayoutError(
    "disk-too-small",
    `Cannot lay out a disk of ${toMib(diskBytes)}: its partitions need ${toMib(neededBytes)} (${list.join(", ")}, partition tables ${toMib(tableBytes)})`,
    {
      hint: `Raise disk.size in the definition to ${toMib(neededBytes)} or more, or lower disk.rootSlot or disk.esp.`,
    },
  );
}

export function verifyContents(
  { policies, disk }: DiskDefinition,
  { espFilesBytes, rootImageBytes, verity }: DiskContents,
): void {
  assert.equal(
    verity !== undefined,
    policies.usr === "verified",
    "a hash tree is given exactly where /usr is verified",
  );
  const slots = [
    {
      slot: "esp",
      what: "boot files",
      key: "disk.esp",
      neededBytes: withFatStructures(espFilesBytes),
      slotBytes: disk.espSizeBytes,
    },
    {
      slot: "root",
      what: "root image",
      key: "disk.rootSlot",
      neededBytes: rootImageBytes,
      slotBytes: disk.rootSlotSizeBytes,
    },
    {
      slot: "verity",
      what: "hash tree",
      key: "disk.veritySlot",
      neededBytes: verity?.hashTreeBytes ?? 0,
      slotBytes: disk.veritySlotSizeBytes,
    },
  ];
  const tooSmall = slots.filter(({ neededBytes, slotBytes }) => neededBytes > slotBytes);
  if (tooSmall.length === 0) return;
  const list = tooSmall.map(
    ({ slot, what, neededBytes, slotBytes }) =>
      `the ${what} need${what.endsWith("s") ? "" : "s"} ${neededBytes} bytes, the ${slot} slot has ${slotBytes} (${toMib(slotBytes)})`,
  );
  const raises = tooSmall.map(({ key, neededBytes }) => `${key} to ${toMib(alignUp(neededBytes))}`);
  throw new DiskLayoutError("slot-too-small", `Cannot fill the disk's slots: ${list.join("; ")}`, {
    hint: `Raise ${raises.join(" and ")} or more in the definition; leave room for later versions, slots cannot grow on a machine.`,
  });
}

/** systemd-sysupdate renames a slot while it writes, with a prefix of four more units (`PRT#`, UAPI.2). */
export function verifyName({ id, version }: DiskDefinition): void {
  const name = `${id}_${version}`;
  const mostUnits = GPT_NAME_MAX_UNITS - "PRT#".length;
  if (name.length <= mostUnits) return;
  throw new DiskLayoutError(
    "name-too-long",
    `Cannot name a partition "${name}": it has ${name.length} characters, wanted at most ${mostUnits} (a partition name holds ${GPT_NAME_MAX_UNITS}, an update needs 4 of them)`,
    { hint: "Shorten id or version in the definition." },
  );
}

/** Both copies of a FAT with clusters of one sector, its reserved sectors and folders: an upper bound. */
function withFatStructures(filesBytes: number): number {
  return Math.ceil(filesBytes * (1 + 8 / SECTOR_BYTES)) + 64 * 1024;
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

export function alignDown(bytes: number): number {
  return Math.floor(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

function toMib(bytes: number): string {
  return `${Math.ceil((bytes / MIB) * 10) / 10} MiB`;
}
