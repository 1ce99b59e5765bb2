import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { HealthReport } from "#health/healthReport.ts";
import { parseHealthReport } from "#health/parseHealthReport.ts";

import { listFolder } from "../files.ts";

/** The newest first. One that cannot be read is told of, and left out: it is evidence, and decides nothing alone. */
export async function readHealthReports(
  folder: string,
  warn: (message: string) => void,
): Promise<HealthReport[]> {
  const names = (await listFolder(folder)).filter((name) => name.endsWith(".json"));
  const reports: HealthReport[] = [];
  for (const name of names) {
    const path = join(folder, name);
    try {
      reports.push(parseHealthReport(await readFile(path, "utf8")));
    } catch (error) {
      warn(`"${path}" cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return reports.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
}
