import { SocleError } from "#progress/socleError.ts";

import { isGuidText } from "./gptGuid.ts";

/** A partition table as a value, and what must be true of it before it can be written. */
export interface Gpt {
  readonly diskGuid: string;
  /** Whole disk. */
  readonly sizeBytes: number;
  readonly partitions: readonly GptPartition[];
}

export interface GptPartition {
  /** 1 to 128: the place in the table, N of /dev/sdaN. */
  readonly number: number;
  readonly typeGuid: string;
  readonly uuid: string;
  /** At most 36 UTF-16 units. */
  readonly name: string;
  readonly firstSector: number;
  /** Inclusive. */
  readonly lastSector: number;
  readonly attributes: GptAttributes;
}

export interface GptAttributes {
  readonly readOnly?: boolean;
  /** Keeps gpt-auto-generator away. */
  readonly noAuto?: boolean;
  readonly growFileSystem?: boolean;
}

export type GptErrorCode = "malformed" | "checksum" | "unsupported" | "not-encodable";

export class GptError extends SocleError<GptErrorCode> {
  override readonly name = "GptError";
}

export const SECTOR_BYTES = 512;
export const GPT_NAME_MAX_UNITS = 36;
/** Protective MBR, header and entries in front; entries and header at the end. */
export const GPT_PRIMARY_SECTORS = 34;
export const GPT_BACKUP_SECTORS = 33;

/** As a type GUID it marks an unused entry. */
export const ZERO_GUID = "00000000-0000-0000-0000-000000000000";
export const GPT_ENTRIES = 128;

/** The last sector before the backup table. */
export function lastUsableSector(sizeBytes: number): number {
  return sizeBytes / SECTOR_BYTES - 1 - GPT_BACKUP_SECTORS;
}

/** Throws a GptError that lists everything that is wrong, not only the first thing. */
export function verifyGpt(gpt: Gpt): void {
  const problems = [
    ...findDiskProblems(gpt),
    ...gpt.partitions.flatMap((partition) => findPartitionProblems(partition, gpt)),
    ...findClashes(gpt.partitions),
  ];
  if (problems.length > 0) {
    throw new GptError(
      "not-encodable",
      `Cannot make a partition table of ${gpt.sizeBytes} bytes: ${problems.join("; ")}`,
    );
  }
}

function findDiskProblems(gpt: Gpt): string[] {
  const problems: string[] = [];
  const leastBytes = (GPT_PRIMARY_SECTORS + GPT_BACKUP_SECTORS + 1) * SECTOR_BYTES;
  if (
    !Number.isSafeInteger(gpt.sizeBytes) ||
    gpt.sizeBytes % SECTOR_BYTES !== 0 ||
    gpt.sizeBytes < leastBytes
  ) {
    problems.push(
      `the disk has ${gpt.sizeBytes} bytes, wanted a multiple of ${SECTOR_BYTES} from ${leastBytes}`,
    );
  }
  if (!isGuidText(gpt.diskGuid))
    problems.push(`the disk GUID is "${gpt.diskGuid}", wanted a lower-case GUID`);
  return problems;
}

function findPartitionProblems(partition: GptPartition, gpt: Gpt): string[] {
  const { number, name, firstSector, lastSector } = partition;
  const problems: string[] = [];
  const check = (isRight: boolean, problem: string): void => {
    if (!isRight) problems.push(`partition ${number} ${problem}`);
  };
  const lastUsable = lastUsableSector(gpt.sizeBytes);
  const isPlaced =
    Number.isSafeInteger(firstSector) &&
    Number.isSafeInteger(lastSector) &&
    GPT_PRIMARY_SECTORS <= firstSector &&
    firstSector <= lastSector &&
    lastSector <= lastUsable;
  check(
    Number.isInteger(number) && number >= 1 && number <= GPT_ENTRIES,
    `has a number outside 1 to ${GPT_ENTRIES}`,
  );
  check(
    isPlaced,
    `is at sectors ${firstSector} to ${lastSector}, wanted inside ${GPT_PRIMARY_SECTORS} to ${lastUsable}`,
  );
  check(
    isGuidText(partition.typeGuid) && partition.typeGuid !== ZERO_GUID,
    `has type "${partition.typeGuid}", wanted a lower-case GUID`,
  );
  check(isGuidText(partition.uuid), `has UUID "${partition.uuid}", wanted a lower-case GUID`);
  check(
    name.length <= GPT_NAME_MAX_UNITS && !name.includes("\0"),
    `is named ${JSON.stringify(name)}, wanted at most ${GPT_NAME_MAX_UNITS} UTF-16 units without NUL`,
  );
  return problems;
}

function findClashes(partitions: readonly GptPartition[]): string[] {
  const problems: string[] = [];
  for (const [index, a] of partitions.entries()) {
    for (const b of partitions.slice(index + 1)) {
      if (a.number === b.number) problems.push(`two partitions have number ${a.number}`);
      if (a.uuid === b.uuid)
        problems.push(`partitions ${a.number} and ${b.number} have the same UUID "${a.uuid}"`);
      if (a.firstSector <= b.lastSector && b.firstSector <= a.lastSector) {
        problems.push(`partitions ${a.number} and ${b.number} overlap`);
      }
    }
  }
  return problems;
}
