import { DEFAULTS } from "#definition/defaults.ts";
import { toDurationMs } from "#definition/duration.ts";
import { VAR_POLICIES, type TreePolicies } from "#definition/levels.ts";
import type { FlatLayer } from "#definition/schema.ts";
import { parseSize } from "#definition/size.ts";
import type { HealthContract, HealthProbe } from "./healthContract.ts";

type HealthSection = NonNullable<FlatLayer["health"]>;
type ProbeSection = NonNullable<HealthSection["probes"]>[string];

/** Where the build puts the bundle of a function probe. */
export const PROBE_FOLDER = "/usr/lib/socle/probes";

/** The section of a definition that the schema has let through, with every default filled in. */
export function toHealthContract(section: HealthSection = {}, policies: TreePolicies): HealthContract {
  const { units = [], mayFail = [], probes = {}, regression = {} } = section;
  return {
    units: [...new Set(units)].sort(),
    mayFail: [...new Set(mayFail)].sort(),
    probes: sortByKey(probes).map(([name, probe]) => toProbe(name, probe)),
    freeSpace: toFreeSpace(section, policies),
    soakMs: toDurationMs(section.soak ?? DEFAULTS.healthSoak),
    timeoutMs: toDurationMs(section.timeout ?? DEFAULTS.healthTimeout),
    ...(regression === false
      ? {}
      : {
          regression: {
            bootTime: regression.bootTime ?? DEFAULTS.regression.bootTime,
            memory: regression.memory ?? DEFAULTS.regression.memory,
            restarts: regression.restarts ?? DEFAULTS.regression.restarts,
          },
        }),
  };
}

/** The path of each function probe's module on the builder, by the probe's name. */
export function listProbeSources({ health }: FlatLayer): Map<string, string> {
  const sources = Object.entries(health?.probes ?? {}).flatMap(([name, probe]) =>
    probe.function === undefined ? [] : [[name, probe.function] as const],
  );
  return new Map(sources);
}

function toProbe(name: string, written: ProbeSection): HealthProbe {
  const { http, tcp, command, status = DEFAULTS.probeStatus } = written;
  const common = { name, timeoutMs: toDurationMs(written.timeout ?? DEFAULTS.probeTimeout) };
  if (http !== undefined) return { ...common, kind: "http", url: http, status };
  if (tcp !== undefined) return { ...common, kind: "tcp", ...toAddress(tcp) };
  const [program, ...words] = command ?? [];
  if (program !== undefined) return { ...common, kind: "command", command: [program, ...words] };
  // The bundle, not the source: paths of the builder do not belong into a release.
  return { ...common, kind: "function", module: `${PROBE_FOLDER}/${name}.mjs` };
}

function toAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(address.slice(colon + 1)) };
}

/** Memory that holds /var tells nothing about a disk. */
function toFreeSpace({ freeSpace = {} }: HealthSection, policies: TreePolicies): HealthContract["freeSpace"] {
  const byDefault = VAR_POLICIES[policies.var].persists ? { "/var": DEFAULTS.freeSpace } : {};
  return sortByKey<string | number>({ ...byDefault, ...freeSpace }).map(([path, size]) => {
    const parsed = parseSize(size);
    if ("wanted" in parsed) throw new TypeError(`the schema let through the size "${size}"`);
    return { path, bytes: parsed.sizeBytes };
  });
}

/** By code units: the locale of the builder must not matter. */
function sortByKey<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
