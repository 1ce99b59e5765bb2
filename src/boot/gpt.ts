import { crc32 } from "node:zlib";

import { decodeEntries, encodeEntries, failDecode, GPT_ENTRY_BYTES, readSector } from "./gptEntries.ts";
import { decodeGuid, encodeGuid } from "./gptGuid.ts";
import {
  GPT_BACKUP_SECTORS,
  GPT_ENTRIES,
  GPT_PRIMARY_SECTORS,
  lastUsableSector,
  SECTOR_BYTES,
  verifyGpt,
} from "./gptTable.ts";
import type { Gpt } from "./gptTable.ts";

/**
 * GUID partition tables: 512-byte sectors, 128 entries of 128 bytes, the primary table in front and
 * the backup at the end. UEFI 2.10, 5.2.3 (protective MBR) and 5.3; attribute bits of UAPI.2.
 * Not here: 4096-byte sectors, hybrid MBRs, resizing, attribute bits other than the three named.
 */

const HEADER_BYTES = 92;
const SIGNATURE = "EFI PART";
const REVISION = 0x0001_0000;

/** The first 34 and the last 33 sectors of the disk. */
export function encodeGpt(gpt: Gpt): { protectiveMbrAndPrimary: Buffer; backup: Buffer } {
  verifyGpt(gpt);
  const lastSector = gpt.sizeBytes / SECTOR_BYTES - 1;
  const entries = encodeEntries(gpt.partitions);
  const primary = { at: 1, other: lastSector, entriesAt: 2 };
  const backup = { at: lastSector, other: 1, entriesAt: lastSector - (GPT_BACKUP_SECTORS - 1) };
  return {
    protectiveMbrAndPrimary: Buffer.concat([
      encodeProtectiveMbr(lastSector),
      encodeHeader(gpt, primary, entries),
      entries,
    ]),
    backup: Buffer.concat([entries, encodeHeader(gpt, backup, entries)]),
  };
}

/** Reads the first 34 sectors of a disk (more may follow) and believes nothing without its checksum. */
export function decodeGpt(bytes: Buffer): Gpt {
  if (bytes.length < GPT_PRIMARY_SECTORS * SECTOR_BYTES) {
    failDecode(
      "malformed",
      `found ${bytes.length} bytes, wanted at least ${GPT_PRIMARY_SECTORS * SECTOR_BYTES}`,
    );
  }
  const header = bytes.subarray(SECTOR_BYTES, 2 * SECTOR_BYTES);
  checkHeader(header);
  const entries = bytes.subarray(2 * SECTOR_BYTES, GPT_PRIMARY_SECTORS * SECTOR_BYTES);
  checkSum("partition entries", crc32(entries), header.readUInt32LE(88));

  const lastSector = readSector(header, 32);
  const usable = { first: readSector(header, 40), last: readSector(header, 48) };
  return {
    diskGuid: decodeGuid(header, 56),
    sizeBytes: (lastSector + 1) * SECTOR_BYTES,
    partitions: decodeEntries(entries, usable),
  };
}

/** UEFI 2.10, table 5-3: one record of type 0xEE over the whole disk, so that old tools keep away. */
function encodeProtectiveMbr(lastSector: number): Buffer {
  const mbr = Buffer.alloc(SECTOR_BYTES);
  mbr.write("00000200eeffffff", 446, "hex"); // not bootable, from CHS 0/0/2, type, to the largest CHS
  mbr.writeUInt32LE(1, 454);
  mbr.writeUInt32LE(Math.min(lastSector, 0xffff_ffff), 458);
  mbr.writeUInt16LE(0xaa55, 510);
  return mbr;
}

function encodeHeader(
  gpt: Gpt,
  place: { at: number; other: number; entriesAt: number },
  entries: Buffer,
): Buffer {
  const header = Buffer.alloc(SECTOR_BYTES);
  header.write(SIGNATURE, 0, "latin1");
  header.writeUInt32LE(REVISION, 8);
  header.writeUInt32LE(HEADER_BYTES, 12);
  header.writeBigUInt64LE(BigInt(place.at), 24);
  header.writeBigUInt64LE(BigInt(place.other), 32);
  header.writeBigUInt64LE(BigInt(GPT_PRIMARY_SECTORS), 40);
  header.writeBigUInt64LE(BigInt(lastUsableSector(gpt.sizeBytes)), 48);
  encodeGuid(gpt.diskGuid, header, 56);
  header.writeBigUInt64LE(BigInt(place.entriesAt), 72);
  header.writeUInt32LE(GPT_ENTRIES, 80);
  header.writeUInt32LE(GPT_ENTRY_BYTES, 84);
  header.writeUInt32LE(crc32(entries), 88);
  header.writeUInt32LE(headerChecksum(header), 16);
  return header;
}

/** Computed with its own field as zero. */
function headerChecksum(header: Buffer): number {
  const bytes = Buffer.from(header.subarray(0, HEADER_BYTES));
  bytes.writeUInt32LE(0, 16);
  return crc32(bytes);
}

function checkHeader(header: Buffer): void {
  const signature = header.toString("latin1", 0, 8);
  if (signature !== SIGNATURE)
    failDecode("malformed", `found ${JSON.stringify(signature)} at sector 1, wanted "${SIGNATURE}"`);
  const shape = { revision: header.readUInt32LE(8), headerBytes: header.readUInt32LE(12) };
  if (shape.revision !== REVISION || shape.headerBytes !== HEADER_BYTES) {
    failDecode(
      "unsupported",
      `found ${JSON.stringify(shape)}, wanted revision ${REVISION} with a header of ${HEADER_BYTES} bytes`,
    );
  }
  checkSum("header bytes", headerChecksum(header), header.readUInt32LE(16));
  const table = {
    at: readSector(header, 72),
    entries: header.readUInt32LE(80),
    entryBytes: header.readUInt32LE(84),
  };
  if (table.at !== 2 || table.entries !== GPT_ENTRIES || table.entryBytes !== GPT_ENTRY_BYTES) {
    failDecode(
      "unsupported",
      `found ${JSON.stringify(table)}, wanted ${GPT_ENTRIES} entries of ${GPT_ENTRY_BYTES} bytes at sector 2`,
    );
  }
  if (readSector(header, 24) !== 1)
    failDecode("malformed", `the header at sector 1 says it is at sector ${readSector(header, 24)}`);
}

function checkSum(what: string, found: number, wanted: number): void {
  if (found !== wanted) {
    failDecode(
      "checksum",
      `the ${what} have CRC 0x${found.toString(16)}, their checksum field says 0x${wanted.toString(16)}`,
    );
  }
}
