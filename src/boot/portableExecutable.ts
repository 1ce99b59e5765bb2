import { SocleError } from "#progress/socleError.ts";

/**
 * The section table of a 64-bit portable executable, as far as taking a unified kernel image apart
 * needs it (UAPI.5; Microsoft PE/COFF, "Section Table"). Not here: PE32, writing, relocations,
 * signatures (ukify and sbsign do those), section names over eight bytes.
 */
export interface PeSection {
  /** e.g. `.linux`. */
  readonly name: string;
  /** Bytes in memory; the length of the content that the boot stub measures and uses. */
  readonly virtualSizeBytes: number;
  readonly fileOffsetBytes: number;
  /** Bytes in the file: the content padded to the file alignment. */
  readonly rawSizeBytes: number;
}

export class PortableExecutableError extends SocleError<"not-pe" | "truncated" | "no-section"> {
  override readonly name = "PortableExecutableError";
}

const SECTION_HEADER_BYTES = 40;
const PE32_PLUS = 0x20b;

/** `bytes`: the file, or at least its beginning up to the end of the section table (4096 bytes are enough for a UKI). */
export function decodePeSections(bytes: Buffer): PeSection[] {
  if (read(bytes, 0, 2).toString("latin1") !== "MZ") fail("not-pe", 'it does not start with "MZ"');
  const headerAt = read(bytes, 0x3c, 4).readUInt32LE();
  if (read(bytes, headerAt, 4).toString("latin1") !== "PE\0\0")
    fail("not-pe", `there is no "PE" signature at ${headerAt}`);
  const sectionCount = read(bytes, headerAt + 6, 2).readUInt16LE();
  const optionalBytes = read(bytes, headerAt + 20, 2).readUInt16LE();
  const magic = read(bytes, headerAt + 24, 2).readUInt16LE();
  if (magic !== PE32_PLUS)
    fail("not-pe", `found optional header 0x${magic.toString(16)}, wanted PE32+ (0x20b)`);

  const tableAt = headerAt + 24 + optionalBytes;
  return Array.from({ length: sectionCount }, (_, index) => {
    const header = read(bytes, tableAt + index * SECTION_HEADER_BYTES, SECTION_HEADER_BYTES);
    return {
      name: trimTrailingNuls(header.subarray(0, 8)).toString("latin1"),
      virtualSizeBytes: header.readUInt32LE(8),
      fileOffsetBytes: header.readUInt32LE(20),
      rawSizeBytes: header.readUInt32LE(16),
    };
  });
}

/** The content of the first section with this name, without the padding to the file alignment. */
export function readPeSection(bytes: Buffer, name: string): Buffer {
  const sections = decodePeSections(bytes);
  const section = sections.find((candidate) => candidate.name === name);
  if (section === undefined) {
    throw new PortableExecutableError(
      "no-section",
      `Cannot find section "${name}" in the portable executable: it has ${sections.map((found) => `"${found.name}"`).join(", ") || "no sections"}`,
    );
  }
  return read(bytes, section.fileOffsetBytes, contentBytesOf(section));
}

/** How long a section's content is, without the padding to the file alignment. */
export function contentBytesOf({ virtualSizeBytes, rawSizeBytes }: PeSection): number {
  return Math.min(virtualSizeBytes, rawSizeBytes);
}

/** A UKI's text sections (`.cmdline`, `.osrel`, `.uname`): ukify ends the command line with a NUL. */
export function readPeText(bytes: Buffer, name: string): string {
  return decodePeText(readPeSection(bytes, name));
}

/** `content`: of a text section. */
export function decodePeText(content: Buffer): string {
  return trimTrailingNuls(content).toString("utf8");
}

function trimTrailingNuls(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

function read(bytes: Buffer, at: number, sizeBytes: number): Buffer {
  if (at + sizeBytes > bytes.length)
    fail("truncated", `found ${bytes.length} bytes, wanted ${sizeBytes} more at ${at}`);
  return bytes.subarray(at, at + sizeBytes);
}

function fail(code: "not-pe" | "truncated", reason: string): never {
  throw new PortableExecutableError(code, `Cannot read the portable executable: ${reason}`);
}
