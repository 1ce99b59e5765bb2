import { compareVersions } from "#boot/version.ts";
import { DEFAULTS } from "./defaults.ts";
import { toTreePolicies } from "./levels.ts";
import { toProblem } from "./problem.ts";
import type { Problem } from "./problem.ts";
import type { FlatLayer } from "./schema.ts";

export function findUpdateContradictions({ update = {}, version, level }: FlatLayer): Problem[] {
  const { floor, mode } = update;
  const problems: Problem[] = [];
  if (floor !== undefined && version !== undefined && compareVersions(floor, version) > 0)
    problems.push(
      toProblem(
        ["update", "floor"],
        floor,
        `a version of at most "${version}"`,
        "the image itself would be below it",
      ),
    );
  const isUpdatable = toTreePolicies(level ?? DEFAULTS.level).usr === "verified";
  if (mode !== undefined && mode !== "manual" && !isUpdatable)
    problems.push(
      toProblem(["update", "mode"], mode, '"manual"', "at this level there is no second slot to update into"),
    );
  return problems;
}
