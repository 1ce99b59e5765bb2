export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1, middle + 1);
  return (low + high) / 2;
}

/** `12.3 s (11.9, 12.3, 13.0)`: the median, then all in their order. */
export function renderSeconds(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const all = values.map((value) => value.toFixed(1)).join(", ");
  return `${medianOf(values).toFixed(values.length > 0 && medianOf(values) < 2 ? 2 : 1)} s${values.length > 1 ? ` (${all})` : ""}`;
}

export function renderMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
