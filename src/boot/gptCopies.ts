import { crc32 } from "node:zlib";

import { decodeGpt, encodeGpt } from "./gpt.ts";
import { failDecode } from "./gptEntries.ts";
import { GPT_BACKUP_SECTORS, GPT_PRIMARY_SECTORS, GptError, SECTOR_BYTES } from "./gptTable.ts";
import type { Gpt } from "./gptTable.ts";
import type { BlockDevice } from "./updateDevices.ts";

/**
 * Both copies of a disk's partition table. UEFI 2.10, 5.3.2: the primary counts if it is valid, else
 * the backup in the last sectors. So only one of them may be on its way to the disk at any time.
 */
export interface GptCopies {
  /** What firmware and kernel go by. */
  readonly gpt: Gpt;
  /** Else the table above is the backup's. */
  readonly isPrimaryValid: boolean;
  /** Both copies are valid, say the same, and the backup is at the very end of the disk. */
  readonly isSound: boolean;
}

const PRIMARY_BYTES = GPT_PRIMARY_SECTORS * SECTOR_BYTES;
const BACKUP_BYTES = GPT_BACKUP_SECTORS * SECTOR_BYTES;
const HEADER_BYTES = 92;

/** Throws the primary's GptError when neither copy is valid. */
export async function readGptCopies(disk: BlockDevice): Promise<GptCopies> {
  const primaryBytes = Buffer.from(await disk.read(0, PRIMARY_BYTES));
  const backupBytes = Buffer.from(await disk.read(disk.sizeBytes - BACKUP_BYTES, BACKUP_BYTES));
  const primary = attempt(() => decodeGpt(primaryBytes));
  if (primary instanceof GptError) {
    const backup = attempt(() => decodeBackupGpt(backupBytes));
    if (backup instanceof GptError) throw primary;
    return { gpt: backup, isPrimaryValid: false, isSound: false };
  }
  const isSound = primary.sizeBytes === disk.sizeBytes && encodeGpt(primary).backup.equals(backupBytes);
  return { gpt: primary, isPrimaryValid: true, isSound };
}

/**
 * Changes the table so that a valid one can be read at every moment. It is read anew: others than
 * updates write it too (systemd-repart lets /var grow). The protective MBR is never written: the kernel
 * wants it before it looks at either copy, and nothing in it changes.
 */
export async function changeGpt(disk: BlockDevice, change: (gpt: Gpt) => Gpt): Promise<void> {
  const { gpt: current, isPrimaryValid } = await readGptCopies(disk);
  const { protectiveMbrAndPrimary, backup } = encodeGpt({
    ...change(current),
    sizeBytes: disk.sizeBytes,
  });
  const writePrimary = async (bytes: Buffer): Promise<void> => {
    await disk.write(SECTOR_BYTES, bytes.subarray(SECTOR_BYTES));
    await disk.flush();
  };
  // The backup is then the only valid copy: it is not touched before the primary is one again.
  if (!isPrimaryValid) await writePrimary(encodeGpt(current).protectiveMbrAndPrimary);
  await disk.write(disk.sizeBytes - BACKUP_BYTES, backup);
  await disk.flush();
  await writePrimary(protectiveMbrAndPrimary);
}

/** The last 33 sectors of a disk: the entries, then a header that differs from the primary in its places only. */
export function decodeBackupGpt(bytes: Buffer): Gpt {
  const header = Buffer.from(bytes.subarray(-SECTOR_BYTES));
  const found = header.readUInt32LE(16);
  const [at, other] = [header.readBigUInt64LE(24), header.readBigUInt64LE(32)];
  if (sumHeader(header) !== found)
    failDecode("checksum", "the backup header's checksum is not its content's");
  if (other !== 1n || header.readBigUInt64LE(72) !== at - BigInt(GPT_BACKUP_SECTORS - 1))
    failDecode("malformed", "the backup header is not that of a table at sector 1");
  header.writeBigUInt64LE(other, 24);
  header.writeBigUInt64LE(at, 32);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(sumHeader(header), 16);
  return decodeGpt(Buffer.concat([Buffer.alloc(SECTOR_BYTES), header, bytes.subarray(0, -SECTOR_BYTES)]));
}

/** UEFI 2.10, table 5-5: computed with its own field as zero. */
function sumHeader(header: Buffer): number {
  const bytes = Buffer.from(header.subarray(0, HEADER_BYTES));
  bytes.writeUInt32LE(0, 16);
  return crc32(bytes);
}

function attempt(decode: () => Gpt): Gpt | GptError {
  try {
    return decode();
  } catch (error) {
    if (error instanceof GptError) return error;
    throw error;
  }
}
