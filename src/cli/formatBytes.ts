const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Decimal units, as disks are sold and downloads are counted: `148.2 MB`. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  // 999.95 would round to "1000.0": it belongs to the next unit.
  while (Math.abs(value) >= (unit === 0 ? 1000 : 999.95) && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
