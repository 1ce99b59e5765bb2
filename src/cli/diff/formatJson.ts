import type { Json } from "#release/comparison/comparedSystem.ts";

import { formatBytes } from "../formatBytes.ts";

/** A value on one line: words without quotes, digests by their first 12 digits. */
export function formatJson(value: Json): string {
  if (typeof value === "string") {
    if (/^[0-9a-f]{64}$/.test(value)) return value.slice(0, 12);
    return /^[\w.+:/@=~-]+$/.test(value) ? value : JSON.stringify(value);
  }
  return isLongText(value)
    ? `text of ${formatBytes(value.sizeBytes)}, SHA-256 ${value.sha256.slice(0, 12)}`
    : JSON.stringify(value);
}

/** What compareValues puts in the place of a long text. */
function isLongText(value: Json): value is { sha256: string; sizeBytes: number } {
  return typeof value === "object" && value !== null && "sha256" in value && "sizeBytes" in value;
}
