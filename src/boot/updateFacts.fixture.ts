import { decodeBootEntryName } from "./bootCounter.ts";
import type { BootEntryFacts } from "./bootOrder.ts";
import { ROOT_PARTITION_NUMBERS } from "./diskLayout.ts";
import { GPT_BACKUP_SECTORS, GPT_PRIMARY_SECTORS, SECTOR_BYTES } from "./gptTable.ts";
import type { Gpt, GptPartition } from "./gptTable.ts";
import { PARTITION_TYPES } from "./partitionTypes.ts";
import { derivedUuid } from "./partitionUuids.ts";
import { decodeSlots, markSlotPartial, nameSlot } from "./slots.ts";
import type { SlotName } from "./slots.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import { TEST_BLOCKS, TEST_ID } from "./updateRelease.fixture.ts";
import type { TestRelease } from "./updateRelease.fixture.ts";

export const ESP_NUMBER = 1;
export const VAR_NUMBER = 8;
export const FIRST_PARTITIONS = ROOT_PARTITION_NUMBERS;

const SECTORS_PER_BLOCK = 8;

/** The partitions of planDiskLayout, both slots free, and no larger than the test releases. */
export function makeTestTable(): Gpt {
  let next = GPT_PRIMARY_SECTORS;
  const place = (number: number, type: keyof typeof PARTITION_TYPES, sectors: number): GptPartition => {
    const firstSector = next;
    next += sectors;
    return {
      number,
      typeGuid: PARTITION_TYPES[type],
      uuid: derivedUuid("test", String(number)),
      name: "_empty",
      firstSector,
      lastSector: next - 1,
      attributes: number === ESP_NUMBER || number === VAR_NUMBER ? {} : { readOnly: true },
    };
  };
  const placeSlot = (number: number) => [
    place(number, "root", TEST_BLOCKS.root * SECTORS_PER_BLOCK),
    place(number + 1, "root-verity", TEST_BLOCKS.verity * SECTORS_PER_BLOCK),
    // A little more than the signature needs: the rest has to be zeros.
    place(number + 2, "root-verity-sig", (TEST_BLOCKS.signature + 1) * SECTORS_PER_BLOCK),
  ];
  const partitions = [
    place(ESP_NUMBER, "esp", SECTORS_PER_BLOCK),
    ...placeSlot(FIRST_PARTITIONS.A),
    ...placeSlot(FIRST_PARTITIONS.B),
    place(VAR_NUMBER, "var", SECTORS_PER_BLOCK),
  ];
  const sizeBytes = (next + GPT_BACKUP_SECTORS) * SECTOR_BYTES;
  return { diskGuid: derivedUuid("test", "disk"), sizeBytes, partitions };
}

export interface TestMachine extends Partial<Omit<UpdateFacts, "slots" | "running" | "bootFolder">> {
  readonly running: TestRelease;
  /** A release that a slot holds, or the version that it is being written with. */
  readonly slots: Partial<Record<SlotName, TestRelease | string>>;
  /** Kernel images by file name; a text is one that cannot be read. */
  readonly entries: Readonly<Record<string, TestRelease | string>>;
  readonly leftOvers?: readonly string[];
  readonly freeBytes?: number;
}

export function makeTestFacts(machine: TestMachine): UpdateFacts {
  const { running, slots, entries, leftOvers = [], freeBytes = 1 << 20, ...others } = machine;
  const table = others.table ?? { gpt: makeTestTable(), isPrimaryValid: true, isSound: true };
  const gpt = Object.entries(slots).reduce((before, [name, content]) => {
    const slot = name as SlotName; // the keys of `slots`
    if (typeof content === "string") return markSlotPartial(before, TEST_ID, slot, content);
    return nameSlot(before, TEST_ID, slot, content.release.version, content.release.slot.rootHash);
  }, table.gpt);
  return {
    id: TEST_ID,
    running: { version: running.release.version, rootHash: running.release.slot.rootHash },
    bootTries: 3,
    limits: { allowDowngrade: false, retryFailed: false, quarantined: new Set() },
    ...others,
    table: { ...table, gpt },
    slots: decodeSlots(gpt, TEST_ID),
    bootFolder: {
      entries: Object.entries(entries).map(([fileName, content]) => toEntry(fileName, content)),
      leftOvers: leftOvers.map((fileName) => ({ fileName, sizeBytes: 100 })),
      freeBytes,
    },
  };
}

function toEntry(fileName: string, content: TestRelease | string): BootEntryFacts {
  const name = decodeBootEntryName(fileName);
  if (name === undefined) throw new TypeError(`"${fileName}" is not the name of a boot entry`);
  if (typeof content === "string") return { fileName, name, sizeBytes: content.length, sha256: content };
  const { uki, slot } = content.release;
  return { fileName, name, sizeBytes: uki.sizeBytes, sha256: uki.sha256, rootHash: slot.rootHash };
}
