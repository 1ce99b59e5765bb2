import { decodeGuid, encodeGuid } from "./gptGuid.ts";
import { GPT_ENTRIES, GptError, SECTOR_BYTES, ZERO_GUID } from "./gptTable.ts";
import type { GptAttributes, GptErrorCode, GptPartition } from "./gptTable.ts";

/** The array of 128 partition entries of 128 bytes: UEFI 2.10, 5.3.3; attribute bits of UAPI.2. */
export const GPT_ENTRY_BYTES = 128;

const ATTRIBUTE_BITS = { growFileSystem: 1n << 59n, readOnly: 1n << 60n, noAuto: 1n << 63n } as const;

export function encodeEntries(partitions: readonly GptPartition[]): Buffer {
  const entries = Buffer.alloc(GPT_ENTRIES * GPT_ENTRY_BYTES);
  for (const partition of partitions) {
    const at = (partition.number - 1) * GPT_ENTRY_BYTES;
    encodeGuid(partition.typeGuid, entries, at);
    encodeGuid(partition.uuid, entries, at + 16);
    entries.writeBigUInt64LE(BigInt(partition.firstSector), at + 32);
    entries.writeBigUInt64LE(BigInt(partition.lastSector), at + 40);
    entries.writeBigUInt64LE(encodeAttributes(partition.attributes), at + 48);
    entries.write(partition.name, at + 56, "utf16le");
  }
  return entries;
}

/** An entry with the type GUID zero is unused (UEFI 2.10, table 5-7). */
export function decodeEntries(entries: Buffer, usable: { first: number; last: number }): GptPartition[] {
  const partitions: GptPartition[] = [];
  for (let number = 1; number <= GPT_ENTRIES; number++) {
    const entry = entries.subarray((number - 1) * GPT_ENTRY_BYTES, number * GPT_ENTRY_BYTES);
    const typeGuid = decodeGuid(entry, 0);
    if (typeGuid === ZERO_GUID) continue;
    const firstSector = readSector(entry, 32);
    const lastSector = readSector(entry, 40);
    if (firstSector < usable.first || lastSector > usable.last || firstSector > lastSector) {
      failDecode(
        "malformed",
        `partition ${number} is at sectors ${firstSector} to ${lastSector}, wanted inside ${usable.first} to ${usable.last}`,
      );
    }
    const name = entry.subarray(56, GPT_ENTRY_BYTES).toString("utf16le").replace(/\0.*$/s, "");
    const attributes = decodeAttributes(number, entry.readBigUInt64LE(48));
    partitions.push({
      number,
      typeGuid,
      uuid: decodeGuid(entry, 16),
      name,
      firstSector,
      lastSector,
      attributes,
    });
  }
  return partitions;
}

function encodeAttributes(attributes: GptAttributes): bigint {
  let bits = 0n;
  if (attributes.readOnly) bits |= ATTRIBUTE_BITS.readOnly;
  if (attributes.noAuto) bits |= ATTRIBUTE_BITS.noAuto;
  if (attributes.growFileSystem) bits |= ATTRIBUTE_BITS.growFileSystem;
  return bits;
}

/** Unknown bits are refused: whoever writes the table back would silently clear them. */
function decodeAttributes(number: number, bits: bigint): GptAttributes {
  const unknown = bits & ~(ATTRIBUTE_BITS.readOnly | ATTRIBUTE_BITS.noAuto | ATTRIBUTE_BITS.growFileSystem);
  if (unknown !== 0n) {
    failDecode(
      "unsupported",
      `partition ${number} has attribute bits 0x${unknown.toString(16)}, wanted only bits 59, 60 and 63`,
    );
  }
  return {
    ...((bits & ATTRIBUTE_BITS.readOnly) === 0n ? {} : { readOnly: true }),
    ...((bits & ATTRIBUTE_BITS.noAuto) === 0n ? {} : { noAuto: true }),
    ...((bits & ATTRIBUTE_BITS.growFileSystem) === 0n ? {} : { growFileSystem: true }),
  };
}

/** Sector numbers are 64 bits on disk; beyond 2^53 bytes there is no disk, only a damaged table. */
export function readSector(from: Buffer, at: number): number {
  const sector = from.readBigUInt64LE(at);
  if (sector > BigInt(Number.MAX_SAFE_INTEGER) / BigInt(SECTOR_BYTES)) {
    failDecode("malformed", `sector number ${sector} is beyond any disk`);
  }
  return Number(sector);
}

export function failDecode(code: GptErrorCode, reason: string): never {
  throw new GptError(code, `Cannot read the partition table: ${reason}`);
}
