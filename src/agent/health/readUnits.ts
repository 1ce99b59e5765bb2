import * as z from "zod/mini";
import type { UnitFacts } from "#health/healthFacts.ts";
import { AGENT_UNIT } from "#health/judgeHealth.ts";
import { parseAssignments } from "../facts/assignments.ts";
import type { HealthMachine } from "./healthMachine.ts";

const PROPERTIES = ["Id", "Result", "NRestarts", "ExecMainStartTimestampMonotonic"] as const;

/** Of what `systemctl list-units --output=json` says, only this. Others may be added by systemd. */
const unitList = z.array(z.object({ unit: z.string(), active: z.string() }));

/** Probes come and go as units of their own. */
export const PROBE_UNIT_PREFIX = "socle-probe-";

/**
 * All units that systemd knows. The states of all are one answer; the rest only services have, and costs systemd so much for
 * each that those which do not run are not asked: restarts only a service has that does.
 */
export async function readUnits(machine: Pick<HealthMachine, "run">): Promise<UnitFacts[]> {
  const states = unitList.parse(
    JSON.parse(await machine.run("systemctl", ["list-units", "--all", "--output=json"])),
  );
  const names = states
    .filter(({ unit, active }) => unit.endsWith(".service") && active !== "inactive")
    .map(({ unit }) => unit);
  const asked = [...new Set([...names, AGENT_UNIT])];
  const services = await machine.run("systemctl", [
    "show",
    `--property=${PROPERTIES.join()}`,
    "--",
    ...asked,
  ]);
  return toUnitFacts(states, services);
}

function toUnitFacts(states: z.infer<typeof unitList>, services: string): UnitFacts[] {
  const details = new Map(
    services
      .split(/\n\n+/)
      .map(parseAssignments)
      .map((unit) => [unit.get("Id"), unit]),
  );
  return states
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
