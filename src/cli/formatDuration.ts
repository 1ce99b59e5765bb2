/** For a sentence: `0.8 s`, `18 s`, `1 min 12 s`, `2 h 5 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 9_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return joinUnits(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  return joinUnits(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** For a column: `0.8s`, `18s`, `1m12s`, `2h05m`. */
export function formatShortDuration(durationMs: number): string {
  if (durationMs < 9_950) return `${(durationMs / 1000).toFixed(1)}s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m`;
}

/** Time since the start, for a log line: `01:12.4`; hours count on as minutes. */
export function formatStopwatch(elapsedMs: number): string {
  const tenths = Math.floor(elapsedMs / 100);
  return `${twoDigits(Math.floor(tenths / 600))}:${twoDigits(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
