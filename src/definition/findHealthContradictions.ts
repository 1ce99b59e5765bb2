import { DEFAULTS } from "./defaults.ts";
import { toDurationMs } from "./duration.ts";
import { toProblem } from "./problem.ts";
import type { Problem } from "./problem.ts";
import type { FlatLayer } from "./schema.ts";

/** What is wrong within the health section, and between it and the units. */
export function findHealthContradictions({ health = {}, units = {} }: FlatLayer): Problem[] {
  return [...findUnitsThatCannotRun(health, units), ...findLongProbes(health)];
}

type Health = NonNullable<FlatLayer["health"]>;

function findUnitsThatCannotRun(
  { units: wanted = [], mayFail = [] }: Health,
  { mask = [] }: NonNullable<FlatLayer["units"]>,
): Problem[] {
  return wanted.flatMap((unit, index) => {
    const keys = ["health", "units", index];
    if (mask.includes(unit))
      return [toProblem(keys, unit, "a unit that can start", "units.mask keeps it from that")];
    if (mayFail.includes(unit))
      return [toProblem(keys, unit, "each unit in one list; health.mayFail has it too")];
    return [];
  });
}

/** Such a probe would be cut short by the whole's end, and be blamed for it. */
function findLongProbes({ probes = {}, timeout = DEFAULTS.healthTimeout }: Health): Problem[] {
  return Object.entries(probes).flatMap(([name, probe]) => {
    const own = probe.timeout;
    if (own === undefined || toDurationMs(own) <= toDurationMs(timeout)) return [];
    return [
      toProblem(["health", "probes", name, "timeout"], own, `at most health.timeout, which is "${timeout}"`),
    ];
  });
}
