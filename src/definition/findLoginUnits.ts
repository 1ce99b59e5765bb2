import { DEFAULTS } from "./defaults.ts";
import { toTreePolicies } from "./levels.ts";
import { toProblem, type Problem } from "./problem.ts";
import type { FlatLayer } from "./schema.ts";

/** As image/loginFiles.ts takes them away. Aliases of getty@ among them. */
const LOGIN_UNIT = /^(?:(?:serial-|container-)?getty@.*|autovt@.*|console-getty|debug-shell)\.service$/;

/** What a verified image has not, its definition cannot enable: systemd would only say that it is masked. */
export function findLoginUnits({
  units: { enable = [] } = {},
  level = DEFAULTS.level,
}: FlatLayer): Problem[] {
  if (toTreePolicies(level).usr !== "verified") return [];
  return enable.flatMap((unit, index) =>
    LOGIN_UNIT.test(unit)
      ? [
          toProblem(
            ["units", "enable", index],
            unit,
            "no login prompt and no shell on a console",
            "A machine of a verified level is administered through its API: docs/hardening.md.",
          ),
        ]
      : [],
  );
}
