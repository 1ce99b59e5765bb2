import { toProblem } from "./problem.ts";
import type { Problem } from "./problem.ts";
import type { FlatLayer } from "./schema.ts";

type Removal = NonNullable<FlatLayer["remove"]>;
type Take = (from: string[] | undefined, items: string[] | undefined, keys: string[]) => string[];
type Lists<Name extends string> = { readonly [Key in Name]?: string[] | undefined };

export interface ExtendedLayer {
  readonly layer: FlatLayer;
  /** What `remove` names and the base does not have: most likely the base has changed since. */
  readonly problems: Problem[];
}

/**
 * Puts changes over a base. Lists append, records merge by key, everything else replaces; what
 * `remove` names is taken from the base first. Both have passed the schema.
 */
export function extendLayer(base: FlatLayer, { remove = {}, ...changes }: FlatLayer): ExtendedLayer {
  const problems: Problem[] = [];
  const kept = removeFrom(base, remove, problems);
  const layer = {
    ...kept,
    ...withoutUndefined(changes),
    distribution: mergeSection(kept.distribution, changes.distribution, ["components"]),
    packages: append(kept.packages, changes.packages),
    files: { ...kept.files, ...changes.files },
    units: mergeUnits(kept.units, changes.units),
    kernel: mergeSection(kept.kernel, changes.kernel, KERNEL_LISTS),
    root: mergeSection(kept.root, changes.root, []),
    disk: mergeSection(kept.disk, changes.disk, []),
    update: mergeSection(kept.update, changes.update, []),
    debug: mergeSection(kept.debug, changes.debug, ["packages"]),
    ...mergeHealth(kept.health, changes.health),
  };
  return { layer, problems };
}

function append(base: string[] = [], added: string[] = []): string[] {
  return [...new Set([...base, ...added])];
}

function withoutUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T; // fewer keys only
}

/** A section of the definition: `lists` append, its other keys replace. */
function mergeSection<T extends object>(
  base: T | undefined,
  changes: T | undefined,
  lists: readonly (keyof T)[],
): T {
  const merged = { ...base, ...withoutUndefined(changes ?? {}) } as T; // keys of the two only
  for (const list of lists) {
    const both = append(base?.[list] as string[] | undefined, changes?.[list] as string[] | undefined);
    if (both.length > 0) merged[list] = both as T[keyof T]; // callers name keys that hold lists
  }
  return merged;
}

/** A unit has one state: naming it in one list of those takes it out of the base's others. */
function mergeUnits(base: Lists<UnitList> = {}, changes: Lists<UnitList> = {}): Lists<UnitList> {
  const named = new Set(UNIT_STATES.flatMap((list) => changes[list] ?? []));
  const states = UNIT_STATES.map((list) => [
    list,
    append(
      base[list]?.filter((unit) => !named.has(unit)),
      changes[list],
    ),
  ]);
  return { ...Object.fromEntries(states), restartable: append(base.restartable, changes.restartable) };
}

type Health = FlatLayer["health"];

/** Probes and folders merge by name. A unit has one place, as above. Says nothing where both say nothing. */
function mergeHealth(base: Health, changes: Health): { health?: Health } {
  if (base === undefined || changes === undefined) return { health: changes ?? base };
  const named = [...(changes.units ?? []), ...(changes.mayFail ?? [])];
  const rest = (units: string[] | undefined) => units?.filter((unit) => !named.includes(unit));
  const health = {
    ...mergeSection<NonNullable<Health>>(
      { ...base, units: rest(base.units), mayFail: rest(base.mayFail) },
      changes,
      ["units", "mayFail"],
    ),
    probes: { ...base.probes, ...changes.probes },
    freeSpace: { ...base.freeSpace, ...changes.freeSpace },
  };
  return { health };
}

const UNIT_STATES = ["enable", "disable", "mask"] as const;
const UNIT_LISTS = [...UNIT_STATES, "restartable"] as const;
type UnitList = (typeof UNIT_LISTS)[number];
const KERNEL_LISTS = ["modules", "initrdModules", "arguments"] as const;

function removeFrom(base: FlatLayer, remove: Removal, problems: Problem[]): FlatLayer {
  const take: Take = (from, items, keys) => without(from, items, ["remove", ...keys], problems);
  const paths = new Set(take(Object.keys(base.files ?? {}), remove.files, ["files"]));
  return {
    ...base,
    packages: take(base.packages, remove.packages, ["packages"]),
    files: Object.fromEntries(Object.entries(base.files ?? {}).filter(([path]) => paths.has(path))),
    units: Object.fromEntries(
      UNIT_LISTS.map((list) => [list, take(base.units?.[list], remove.units?.[list], ["units", list])]),
    ),
    kernel: {
      ...base.kernel,
      ...Object.fromEntries(
        KERNEL_LISTS.map((list) => [
          list,
          take(base.kernel?.[list], remove.kernel?.[list], ["kernel", list]),
        ]),
      ),
    },
    health: removeFromHealth(base.health, remove.health, take),
  };
}

function removeFromHealth(health: Health, remove: Removal["health"], take: Take): Health {
  if (remove === undefined) return health;
  const { units, mayFail, probes = {} } = health ?? {};
  const kept = new Set(take(Object.keys(probes), remove.probes, ["health", "probes"]));
  return {
    ...health,
    units: take(units, remove.units, ["health", "units"]),
    mayFail: take(mayFail, remove.mayFail, ["health", "mayFail"]),
    probes: Object.fromEntries(Object.entries(probes).filter(([name]) => kept.has(name))),
  };
}

function without(from: string[] = [], items: string[] = [], keys: string[], problems: Problem[]): string[] {
  for (const [index, item] of items.entries()) {
    if (!from.includes(item)) problems.push(toProblem([...keys, index], item, "something that the base has"));
  }
  return from.filter((item) => !items.includes(item));
}
