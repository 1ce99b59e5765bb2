/** Sizes, as people write them and in bytes. Units are powers of 1024 in every spelling. */
export const MIB = 1024 * 1024;

const UNITS = { K: 1024, M: MIB, G: 1024 * MIB, T: 1024 * 1024 * MIB } as const;

export const SIZE_PATTERN = /^([0-9]+)(?:\.([0-9]+))? ?(?:([KMGT])(?:iB|B)?|B)$/;

export const SIZE_WANTED = 'a size in whole MiB, such as "600MiB", "2GiB" or a number of bytes';

/** Bytes, or why the text is not a size. */
export function parseSize(size: string | number): { sizeBytes: number } | { wanted: string; hint?: string } {
  const sizeBytes = typeof size === "number" ? size : toBytes(size);
  if (sizeBytes === undefined) {
    const hint = typeof size === "string" && /^[0-9]+$/.test(size) ? `for MiB write "${size}MiB"` : undefined;
    return { wanted: SIZE_WANTED, ...(hint === undefined ? {} : { hint }) };
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) return { wanted: SIZE_WANTED };
  if (sizeBytes % MIB !== 0) {
    const rounded = formatSize(Math.ceil(sizeBytes / MIB) * MIB);
    return { wanted: SIZE_WANTED, hint: `partitions start at whole MiB; the next one is "${rounded}"` };
  }
  return { sizeBytes };
}

function toBytes(size: string): number | undefined {
  const match = SIZE_PATTERN.exec(size);
  if (match === null) return undefined;
  const [, whole, fraction, unit] = match;
  return Number(`${whole}.${fraction ?? "0"}`) * (unit === undefined ? 1 : UNITS[unit as keyof typeof UNITS]);
}

/** `600MiB`, `2GiB`: the largest unit that needs no fraction. */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes % UNITS.G === 0) return `${sizeBytes / UNITS.G}GiB`;
  return sizeBytes % MIB === 0 ? `${sizeBytes / MIB}MiB` : `${sizeBytes} bytes`;
}
