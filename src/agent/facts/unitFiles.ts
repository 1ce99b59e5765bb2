import * as z from "zod/mini";

export interface UnitFile {
  readonly name: string;
  /** As `systemctl is-enabled` says it. */
  readonly state: string;
}

/** Of what `systemctl list-unit-files --output=json` says, the name and the state. Others may be added by systemd. */
const unitFileList = z.array(z.object({ unit_file: z.string(), state: z.nullable(z.string()) }));

/** Sorted by name. */
export function parseUnitFiles(json: string): UnitFile[] {
  return unitFileList
    .parse(JSON.parse(json))
    .map(({ unit_file: name, state }) => ({ name, state: state ?? "" }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
