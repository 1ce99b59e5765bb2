import { readText, type Machine } from "./machineFacts.ts";

/** Of the image: names of units that operators may restart, as a JSON list (image/controlFiles.ts). Absent: none. */
export const RESTARTABLE_UNITS_PATH = "/usr/lib/socle/restartable-units.json";

export async function readRestartableUnits(machine: Pick<Machine, "readFile">): Promise<ReadonlySet<string>> {
  const text = await readText(machine, RESTARTABLE_UNITS_PATH);
  const names: unknown = text === undefined ? [] : JSON.parse(text);
  return new Set(Array.isArray(names) ? names.filter((name) => typeof name === "string") : []);
}
