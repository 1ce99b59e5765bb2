import type { HealthReport } from "./healthReport.ts";

/** What was started in this boot: in the words of a report. */
export type RunningDeployment = Pick<HealthReport, "bootId" | "version" | "rootHash" | "ukiSha256">;

/** A kernel-only update has the same root; a rebuild of a version has another kernel image. */
export function isSameDeployment(a: RunningDeployment, b: RunningDeployment): boolean {
  if (a.version !== b.version || a.rootHash !== b.rootHash) return false;
  return a.ukiSha256 === undefined || b.ukiSha256 === undefined || a.ukiSha256 === b.ukiSha256;
}

/** What a boot is compared with. */
export interface HealthHistory {
  /** The last good boot, of whichever deployment, before this one. */
  readonly lastGood?: HealthReport;
  /** The last good boot of another deployment. */
  readonly lastGoodOther?: HealthReport;
}

export function toHealthHistory(reports: readonly HealthReport[], running: RunningDeployment): HealthHistory {
  const good = sortNewestFirst(reports).filter(
    ({ verdict, bootId }) => verdict === "pass" && bootId !== running.bootId,
  );
  const lastGood = good[0];
  const lastGoodOther = good.find((report) => !isSameDeployment(report, running));
  return { ...(lastGood && { lastGood }), ...(lastGoodOther && { lastGoodOther }) };
}

export const REPORTS_KEPT = 20;

/**
 * The boots whose reports go when there are too many. The last good ones stay however old they are,
 * since the next boot is compared with them, and so does that of this boot, whatever its clock says.
 */
export function listOldReports(reports: readonly HealthReport[], running: RunningDeployment): string[] {
  const { lastGood, lastGoodOther } = toHealthHistory(reports, running);
  const needed = new Set([running.bootId, lastGood?.bootId, lastGoodOther?.bootId]);
  const [first, others] = partition(sortNewestFirst(reports), ({ bootId }) => needed.has(bootId));
  return others.slice(Math.max(0, REPORTS_KEPT - first.length)).map(({ bootId }) => bootId);
}

function sortNewestFirst(reports: readonly HealthReport[]): HealthReport[] {
  return reports.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
