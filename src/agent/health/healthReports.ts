import { HealthError } from "#health/healthError.ts";
import { listOldReports, type RunningDeployment } from "#health/healthHistory.ts";
import { HEALTH_FOLDER, type HealthReport } from "#health/healthReport.ts";
import { encodeHealthReport, parseHealthReport } from "#health/parseHealthReport.ts";
import { readText } from "../machineFacts.ts";
import type { HealthMachine } from "./healthMachine.ts";

/** All reports that can be read. One that cannot must not keep a machine from judging itself. */
export async function readHealthReports(
  machine: Pick<HealthMachine, "listFolder" | "readFile">,
): Promise<HealthReport[]> {
  const names = (await machine.listFolder(HEALTH_FOLDER)).filter((name) => name.endsWith(".json"));
  const reports = await Promise.all(
    names.map(async (name) => {
      try {
        return [parseHealthReport((await readText(machine, `${HEALTH_FOLDER}/${name}`)) ?? "")];
      } catch (error) {
        if (error instanceof HealthError) return [];
        throw error;
      }
    }),
  );
  return reports.flat();
}

/** Durable when the promise is kept. */
export async function writeHealthReport(
  machine: Pick<HealthMachine, "writeDurably">,
  report: HealthReport,
): Promise<void> {
  await machine.writeDurably(`${HEALTH_FOLDER}/${report.bootId}.json`, encodeHealthReport(report));
}

/** Makes room for the reports of boots to come. */
export async function removeOldReports(
  machine: Pick<HealthMachine, "listFolder" | "readFile" | "remove">,
  running: RunningDeployment,
): Promise<void> {
  const old = listOldReports(await readHealthReports(machine), running);
  for (const bootId of old) await machine.remove(`${HEALTH_FOLDER}/${bootId}.json`);
  // What a power cut left of a report that was being written.
  const names = await machine.listFolder(HEALTH_FOLDER);
  for (const name of names.filter((name) => name.endsWith(".tmp")))
    await machine.remove(`${HEALTH_FOLDER}/${name}`);
}
