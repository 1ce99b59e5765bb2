import { encodeGuid } from "./gptGuid.ts";

/**
 * Boot options of UEFI firmware: `Boot####` (EFI_LOAD_OPTION) and `BootOrder`. Subset: options that
 * start a file on a GPT partition by the short form of its path. Not here: network, optional data,
 * BootNext. UEFI 2.10, 3.1.3, 3.3 and 10.3.5.
 */

export interface LoadOption {
  /** What the firmware's menu shows. */
  readonly description: string;
  readonly partition: LoadPartition;
  /** On that partition, with backslashes: `\EFI\systemd\systemd-bootx64.efi`. */
  readonly path: string;
}

export interface LoadPartition {
  readonly number: number;
  readonly firstSector: number;
  readonly sectors: number;
  /** Its unique partition GUID, as text. */
  readonly uuid: string;
}

const LOAD_OPTION_ACTIVE = 1;
const MEDIA_DEVICE_PATH = 4;
const HARD_DRIVE = 1;
const FILE_PATH = 4;
const END_OF_PATH = Buffer.from([0x7f, 0xff, 4, 0]);
const FORMAT_GPT = 2;
const SIGNATURE_GUID = 2;

/** The data of a `Boot####` variable, without the attributes that efivarfs puts in front. */
export function encodeLoadOption({ description, partition, path }: LoadOption): Uint8Array {
  const paths = Buffer.concat([toHardDrive(partition), toNode(FILE_PATH, toText(path)), END_OF_PATH]);
  const header = Buffer.alloc(6);
  header.writeUInt32LE(LOAD_OPTION_ACTIVE, 0);
  header.writeUInt16LE(paths.length, 4);
  return Buffer.concat([header, toText(description), paths]);
}

/** The numbers in `BootOrder`. */
export function decodeBootOrder(data: Uint8Array): number[] {
  const bytes = Buffer.from(data);
  return Array.from({ length: Math.floor(bytes.length / 2) }, (_, index) => bytes.readUInt16LE(2 * index));
}

export function encodeBootOrder(numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(2 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16LE(number, 2 * index);
  return bytes;
}

/** `Boot0001` for 1. */
export function toBootVariable(number: number): string {
  return `Boot${number.toString(16).toUpperCase().padStart(4, "0")}`;
}

function toHardDrive({ number, firstSector, sectors, uuid }: LoadPartition): Buffer {
  const data = Buffer.alloc(38);
  data.writeUInt32LE(number, 0);
  data.writeBigUInt64LE(BigInt(firstSector), 4);
  data.writeBigUInt64LE(BigInt(sectors), 12);
  encodeGuid(uuid, data, 20);
  data.writeUInt8(FORMAT_GPT, 36);
  data.writeUInt8(SIGNATURE_GUID, 37);
  return toNode(HARD_DRIVE, data);
}

function toNode(subType: number, data: Buffer): Buffer {
  const header = Buffer.from([MEDIA_DEVICE_PATH, subType, 0, 0]);
  header.writeUInt16LE(header.length + data.length, 2);
  return Buffer.concat([header, data]);
}

function toText(text: string): Buffer {
  return Buffer.from(`${text}\0`, "utf16le");
}
