import type { UpdateRelease } from "../updateRelease.ts";
import type { OfferedRelease } from "./gate.ts";

export interface ReleaseDates {
  /** From the channel document; RFC 3339. */
  readonly published?: string | undefined;
  /** From the manifest; RFC 3339. */
  readonly sourceDate: string;
}

export function toOfferedRelease(
  update: UpdateRelease,
  { published, sourceDate }: ReleaseDates,
): OfferedRelease {
  return {
    update,
    published:
      published === undefined
        ? { at: new Date(sourceDate), by: "source-date" }
        : { at: new Date(published), by: "channel" },
  };
}
