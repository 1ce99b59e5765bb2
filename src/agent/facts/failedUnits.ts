import * as z from "zod/mini";
import { parseAssignments } from "./assignments.ts";

export interface FailedUnit {
  readonly name: string;
  readonly description: string;
  /** systemd's result, with exit status or signal where there is one. */
  readonly reason: string;
}

export const UNIT_PROPERTIES = ["Id", "Description", "Result", "ExecMainCode", "ExecMainStatus"] as const;

/** Of what `systemctl list-units --output=json` says about a unit, only the name. Others may be added by systemd. */
const unitList = z.array(z.object({ unit: z.string() }));

export function parseUnitNames(json: string): string[] {
  return unitList.parse(JSON.parse(json)).map(({ unit }) => unit);
}

/** Output of `systemctl show --property=… UNIT…`: one block of assignments per unit, an empty line between. */
export function parseFailedUnits(text: string): FailedUnit[] {
  return text
    .split(/\n\n+/)
    .map(parseAssignments)
    .filter((unit) => unit.has("Id"))
    .map((unit) => ({
      name: unit.get("Id") ?? "",
      description: unit.get("Description") ?? "",
      reason: toReason(unit),
    }));
}

// si_code of SIGCHLD, waitid(2): what ExecMainStatus counts.
const EXITED = "1";
const KILLED = ["2", "3"];

function toReason(unit: ReadonlyMap<string, string>): string {
  const result = unit.get("Result") || "failed";
  const status = unit.get("ExecMainStatus") ?? "0";
  const code = unit.get("ExecMainCode") ?? "0";
  if (status === "0") return result;
  if (code === EXITED) return `${result} (status ${status})`;
  if (KILLED.includes(code)) return `${result} (signal ${status})`;
  return result;
}
