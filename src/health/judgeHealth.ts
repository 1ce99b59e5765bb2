import { formatMs } from "#definition/duration.ts";
import { MIB } from "#definition/size.ts";
import type { HealthContract, RegressionLimits } from "./healthContract.ts";
import type { HealthFacts, UnitFacts } from "./healthFacts.ts";
import type { HealthHistory } from "./healthHistory.ts";
import type { HealthCheck, HealthFigures } from "./healthReport.ts";

export interface HealthJudgement {
  readonly verdict: HealthCheck["verdict"];
  readonly checks: readonly HealthCheck[];
  readonly figures: HealthFigures;
  readonly failedUnits: readonly string[];
}

export const AGENT_UNIT = "socle-agent.service";
/** A boot that has not come so far has not even started what it should. */
const ALWAYS_WANTED = ["multi-user.target", AGENT_UNIT];

/** Holds one look at a machine against its contract and its past. */
export function judgeHealth(
  contract: HealthContract,
  facts: HealthFacts,
  history: HealthHistory,
): HealthJudgement {
  const figures = toFigures(facts);
  const checks = [
    ...judgeUnits(contract, facts),
    ...judgeFailedUnits(contract, facts, history),
    ...facts.probes.map(({ name, isWell, says }) => toCheck(`probe ${name}`, isWell, says)),
    ...judgeSpace(contract, facts),
    ...judgeRegression(contract.regression, figures, history),
  ];
  const verdict = checks.every((check) => check.verdict === "pass") ? "pass" : "fail";
  const failedUnits = facts.units
    .filter(isFailed)
    .map(({ name }) => name)
    .toSorted();
  return { verdict, checks, figures, failedUnits };
}

/** Units that systemd had to start again between two looks: they are up at each and yet not well. */
export function findRestarted(before: HealthFacts, after: HealthFacts): UnitFacts[] {
  const known = new Map(before.units.map((unit) => [unit.name, unit.restarts]));
  return after.units.filter(({ name, restarts }) => restarts > (known.get(name) ?? 0));
}

/** What becomes of a judgement that was well at each look, and of which units were not steady in between. */
export function addUnsteady(judgement: HealthJudgement, units: readonly UnitFacts[]): HealthJudgement {
  if (units.length === 0) return judgement;
  const checks = units.map(({ name, restarts }) =>
    toCheck(`steady ${name}`, false, `does not stay up: systemd has started it again ${times(restarts)}`),
  );
  return { ...judgement, verdict: "fail", checks: [...judgement.checks, ...checks] };
}

function toFigures({ bootUs, memoryBytes, units }: HealthFacts): HealthFigures {
  return { bootUs, memoryBytes, restarts: units.reduce((sum, { restarts }) => sum + restarts, 0) };
}

function judgeUnits({ units }: HealthContract, facts: HealthFacts): HealthCheck[] {
  const byName = new Map(facts.units.map((unit) => [unit.name, unit]));
  return [...new Set([...ALWAYS_WANTED, ...units])].map((name) => {
    const unit = byName.get(name);
    if (unit === undefined) return toCheck(`unit ${name}`, false, "is not there");
    // Without access configured the agent has nothing to do, says so, and ends.
    const hasNothingToDo =
      name === AGENT_UNIT && unit.state === "inactive" && unit.result === "success" && unit.hasRun;
    if (hasNothingToDo) return toCheck(`unit ${name}`, true, "ended well: no access is configured");
    return toCheck(`unit ${name}`, unit.state === "active", describeUnit(unit));
  });
}

function judgeFailedUnits(
  { mayFail }: HealthContract,
  { units }: HealthFacts,
  { lastGood }: HealthHistory,
): HealthCheck[] {
  const failed = units.filter(isFailed);
  const checks = failed.map((unit) => {
    const name = `failed ${unit.name}`;
    const says = describeUnit(unit);
    if (mayFail.includes(unit.name)) return toCheck(name, true, `${says}, which it may`);
    if (lastGood?.failedUnits.includes(unit.name) === true)
      return toCheck(name, true, `${says}, as it was when ${lastGood.version} was found good`);
    return toCheck(name, false, says);
  });
  return checks.length > 0 ? checks : [toCheck("failed units", true, "none")];
}

function judgeSpace({ freeSpace }: HealthContract, facts: HealthFacts): HealthCheck[] {
  return freeSpace.map(({ path, bytes }) => {
    const free = facts.freeSpace.find((known) => known.path === path)?.freeBytes;
    if (free === undefined) return toCheck(`space ${path}`, false, "cannot be asked for: is it there?");
    const says = `${toMib(free)} free, wanted ${toMib(bytes)}`;
    return toCheck(`space ${path}`, free >= bytes, says);
  });
}

/** So much more is noise, whatever the factor: small figures differ much from boot to boot. */
const NOISE = { bootUs: 10_000_000, memoryBytes: 64 * MIB, restarts: 2 };

function judgeRegression(
  limits: RegressionLimits | undefined,
  figures: HealthFigures,
  { lastGoodOther: other }: HealthHistory,
): HealthCheck[] {
  if (limits === undefined) return [];
  if (other === undefined)
    return [toCheck("regression", true, "not compared: no good boot of another version is known")];
  const allowed = (before: number, factor: number, noise: number) =>
    Math.max(before * factor, before + noise);
  const before = other.figures;
  const seconds = (us: number) => formatMs(us / 1000);

  const bootUs = allowed(before.bootUs, limits.bootTime, NOISE.bootUs);
  const memory = allowed(before.memoryBytes, limits.memory, NOISE.memoryBytes);
  const restarts = Math.max(before.restarts * limits.restarts, NOISE.restarts);
  return [
    toCheck(
      "regression boot-time",
      figures.bootUs <= bootUs,
      `boot took ${seconds(figures.bootUs)}, ${other.version} took ${seconds(before.bootUs)}; allowed ${seconds(bootUs)}`,
    ),
    toCheck(
      "regression memory",
      figures.memoryBytes <= memory,
      `${toMib(figures.memoryBytes)} in use, ${other.version} used ${toMib(before.memoryBytes)}; allowed ${toMib(memory)}`,
    ),
    toCheck(
      "regression restarts",
      figures.restarts <= restarts,
      `units were started again ${times(figures.restarts)}, with ${other.version} ${times(before.restarts)}; allowed ${times(Math.floor(restarts))}`,
    ),
  ];
}

/** Its own unit fails by its verdict, which must not be a reason for the next. */
function isFailed({ name, state }: UnitFacts): boolean {
  return state === "failed" && name !== "socle-health.service";
}

function describeUnit({ state, result, restarts }: UnitFacts): string {
  const why = result === "" || result === "success" ? "" : ` (${result})`;
  const again = restarts === 0 ? "" : `, started again ${times(restarts)}`;
  return `is ${state}${why}${again}`;
}

function toCheck(name: string, isWell: boolean, says: string): HealthCheck {
  return { name, verdict: isWell ? "pass" : "fail", says };
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function toMib(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`;
}
