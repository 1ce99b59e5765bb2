import type { Report } from "#progress/events.ts";
import type { AptMirrors } from "#system/aptArchive.ts";

/** What work on packages needs from its caller. */
export interface PackageContext {
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Asked only when something must be looked up or downloaded. */
  readonly mirrors: () => Promise<AptMirrors>;
}
