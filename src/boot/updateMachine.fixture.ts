import { toSectors } from "./crashDisk.fixture.ts";
import { EMPTY_FOLDER, putFile } from "./crashFolder.fixture.ts";
import type { FolderState } from "./crashFolder.fixture.ts";
import { encodeGpt } from "./gpt.ts";
import { SECTOR_BYTES } from "./gptTable.ts";
import type { Gpt } from "./gptTable.ts";
import { nameSlot } from "./slots.ts";
import type { SlotName } from "./slots.ts";
import { FIRST_PARTITIONS, makeTestTable } from "./updateFacts.fixture.ts";
import { TEST_ID } from "./updateRelease.fixture.ts";
import type { TestRelease } from "./updateRelease.fixture.ts";

const KINDS = ["root", "verity", "root-signature"] as const;

/** What is left of a machine when its power goes. */
export interface MachineState {
  readonly sectors: Uint32Array;
  readonly folder: FolderState;
  /** EFI variables are written whole or not at all. */
  readonly bootOnce?: string;
}

export interface MachineContent {
  readonly slots: Partial<Record<SlotName, TestRelease>>;
  /** Kernel images by their file names. */
  readonly entries: Readonly<Record<string, TestRelease>>;
  /** What has happened to the disk since. */
  readonly damage?: (disk: Buffer, gpt: Gpt) => void;
}

export function makeMachine({ slots, entries, damage }: MachineContent): MachineState {
  let gpt = makeTestTable();
  const disk = Buffer.alloc(gpt.sizeBytes, "old bytes ");
  for (const name of ["A", "B"] as const) {
    const content = slots[name];
    if (content === undefined) continue;
    const { release, images } = content;
    gpt = nameSlot(gpt, TEST_ID, name, release.version, release.slot.rootHash);
    for (const [offset, kind] of KINDS.entries()) {
      const { start, end } = findPlace(gpt, FIRST_PARTITIONS[name] + offset);
      disk.fill(0, start, end);
      images[kind].copy(disk, start);
    }
  }
  const { protectiveMbrAndPrimary, backup } = encodeGpt(gpt);
  protectiveMbrAndPrimary.copy(disk, 0);
  backup.copy(disk, disk.length - backup.length);
  damage?.(disk, gpt);
  const folder = Object.entries(entries).reduce<FolderState>(
    (state, [name, { images }]) => putFile(state, name, images.uki),
    EMPTY_FOLDER,
  );
  return { sectors: toSectors(disk), folder };
}

export function findPlace(gpt: Gpt, number: number): { readonly start: number; readonly end: number } {
  const partition = gpt.partitions.find((candidate) => candidate.number === number);
  if (partition === undefined) throw new RangeError(`There is no partition ${number}`);
  return { start: partition.firstSector * SECTOR_BYTES, end: (partition.lastSector + 1) * SECTOR_BYTES };
}
