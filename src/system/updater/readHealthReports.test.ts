import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { HealthReport } from "#health/healthReport.ts";
import { encodeHealthReport } from "#health/parseHealthReport.ts";

import { readHealthReports } from "./readHealthReports.ts";

const REPORT: HealthReport = {
  apiVersion: "socle/v1",
  kind: "HealthReport",
  bootId: "0".repeat(32),
  version: "1.0.0",
  rootHash: "ab".repeat(32),
  verdict: "pass",
  at: "2026-11-23T03:00:00Z",
  checks: [],
  figures: { bootUs: 1, memoryBytes: 2, restarts: 0 },
  failedUnits: [],
};

test("reports come newest first, and one that cannot be read is told of and left out", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "socle-health-"));
  const warnings: string[] = [];
  const read = () => readHealthReports(folder.path, (message) => warnings.push(message));
  assert.deepEqual(await readHealthReports(join(folder.path, "none"), assert.fail), []);
  const later = { ...REPORT, bootId: "1".repeat(32), at: "2026-11-23T04:00:00.5Z" };
  for (const report of [REPORT, later])
    await writeFile(join(folder.path, `${report.bootId}.json`), encodeHealthReport(report));
  await writeFile(join(folder.path, "torn.json"), "{");
  await writeFile(join(folder.path, "x.json.tmp"), "{");
  assert.deepEqual(await read(), [later, REPORT]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /torn\.json/);
});
