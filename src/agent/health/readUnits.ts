import * as z from "zod/mini";
import type { UnitFacts } from "#health/healthFacts.ts";
import { parseAssignments } from "../facts/assignments.ts";
import type { HealthMachine } from "./healthMachine.ts";

const PROPERTIES = ["Id", "Result", "NRestarts", "ExecMainStartTimestampMonotonic"] as const;

/** Of what `systemctl list-units --output=json` says, only this. Others may be added by systemd. */
const unitList = z.array(z.object({ unit: z.string(), active: z.string() }));

/** Probes come and go as units of their own. */
export const PROBE_UNIT_PREFIX = "socle-probe-";

/** All units that systemd knows. Two calls: the states of all are one answer, the rest only services have. */
export async function readUnits(machine: Pick<HealthMachine, "run">): Promise<UnitFacts[]> {
  const [states, services] = await Promise.all([
    machine.run("systemctl", ["list-units", "--all", "--output=json"]),
    machine.run("systemctl", [
      "show",
      `--property=${PROPERTIES.join()}`,
      "--",
      "*.service",
      "socle-agent.service",
    ]),
  ]);
  return parseUnits(states, services);
}

export function parseUnits(states: string, services: string): UnitFacts[] {
  const details = new Map(
    services
      .split(/\n\n+/)
      .map(parseAssignments)
      .map((unit) => [unit.get("Id"), unit]),
  );
  return unitList
    .parse(JSON.parse(states))
    .filter(({ unit }) => !unit.startsWith(PROBE_UNIT_PREFIX))
    .map(({ unit: name, active: state }) => {
      const detail = details.get(name);
      return {
        name,
        state,
        result: detail?.get("Result") ?? "",
        restarts: Number(detail?.get("NRestarts") ?? 0),
        hasRun: Number(detail?.get("ExecMainStartTimestampMonotonic") ?? 0) > 0,
      };
    });
}
