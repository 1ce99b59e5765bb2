const SECTIONS_AT = 0x188; // after a DOS header of 0x80 bytes, the PE header and 16 data directories

export const SMALL_IMAGE_FIELDS = {
  checksum: 0x80 + 24 + 64,
  certificateEntry: 0x80 + 24 + 112 + 32,
} as const;

/** A PE32+ image with two sections and, behind them, `overlay`. Nothing runs it. */
export function makeSmallImage({ overlay = Buffer.alloc(0), gapBytes = 0, directories = 16 } = {}): Buffer {
  const headers = Buffer.alloc(512);
  headers.write("MZ", 0);
  headers.writeUInt32LE(0x80, 0x3c);
  headers.write("PE\0\0", 0x80);
  headers.writeUInt16LE(0x8664, 0x84); // x86-64
  headers.writeUInt16LE(2, 0x86); // sections
  headers.writeUInt16LE(240, 0x94); // bytes of the optional header
  headers.writeUInt16LE(0x20b, 0x98); // PE32+
  headers.writeUInt32LE(4096, 0x98 + 32); // section alignment
  headers.writeUInt32LE(512, 0x98 + 36); // file alignment
  headers.writeUInt32LE(0x3000, 0x98 + 56); // size in memory
  headers.writeUInt32LE(headers.length, 0x98 + 60);
  headers.writeUInt16LE(10, 0x98 + 68); // EFI application
  headers.writeUInt32LE(directories, 0x98 + 108);
  writeSection(headers, 0, { name: ".text", memoryAt: 0x1000, fileAt: 512, sizeBytes: 512 });
  writeSection(headers, 1, { name: ".data", memoryAt: 0x2000, fileAt: 1024 + gapBytes, sizeBytes: 512 });
  const text = Buffer.alloc(512, 0xcc);
  const data = Buffer.alloc(512, "data of a small image ");
  return Buffer.concat([headers, text, Buffer.alloc(gapBytes), data, overlay]);
}

function writeSection(
  headers: Buffer,
  index: number,
  section: { name: string; memoryAt: number; fileAt: number; sizeBytes: number },
): void {
  const header = headers.subarray(SECTIONS_AT + index * 40);
  header.write(section.name);
  header.writeUInt32LE(section.sizeBytes, 8);
  header.writeUInt32LE(section.memoryAt, 12);
  header.writeUInt32LE(section.sizeBytes, 16);
  header.writeUInt32LE(section.fileAt, 20);
}
