/** POSIX ustar, IEEE Std 1003.1, pax: regular files with names up to 100 bytes. Not here: anything else. */

const BLOCK_BYTES = 512;

export interface TarEntry {
  /** At most 100 bytes. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** Header and content, filled up to whole blocks. */
export function encodeTarEntry({ path, content, modifiedMs }: TarEntry): Uint8Array {
  const name = Buffer.from(path);
  if (name.length > 100) throw new RangeError(`"${path}" is longer than 100 bytes`);
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, at: number, width: number) =>
    header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  name.copy(header);
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(Math.floor(modifiedMs / 1000), 136, 12);
  header.fill(" ", 148, 156); // the checksum counts itself as spaces
  header.write("0", 156, "latin1"); // a regular file
  header.write("ustar\x0000", 257, "latin1"); // with its version, "00"
  header.write("root", 265, "latin1");
  header.write("root", 297, "latin1");
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  const padding = (BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return Buffer.concat([header, content, Buffer.alloc(padding)]);
}

/** Two empty blocks. */
export const TAR_END: Uint8Array = Buffer.alloc(2 * BLOCK_BYTES);
