import { DEFAULTS } from "./defaults.ts";
import { defaultVeritySlotSizeBytes, neededDiskSizeBytes, verityTreeSizeBytes } from "./diskSpace.ts";
import type { PartitionSizes } from "./diskSpace.ts";
import { findDocumentProblems } from "./embeddedDocument.ts";
import { findHealthContradictions } from "./findHealthContradictions.ts";
import { findLoginUnits } from "./findLoginUnits.ts";
import { findPolicyConflicts, toTreePolicies } from "./levels.ts";
import { toProblem } from "./problem.ts";
import type { Problem, ProblemKeys } from "./problem.ts";
import type { FlatLayer } from "./schema.ts";
import { MIB, formatSize, parseSize } from "./size.ts";
import { findUpdateContradictions } from "./findUpdateContradictions.ts";

/** One rule that no key can hold for itself, and the keys it looks at. */
interface Rule {
  readonly reads: readonly (keyof FlatLayer)[];
  readonly find: (layer: FlatLayer) => Problem[];
}

const RULES: readonly Rule[] = [
  { reads: ["extends", "remove"], find: findUnmergedBase },
  {
    reads: ["id"],
    find: ({ id }) => (id === undefined ? [toProblem(["id"], id, 'an id, such as "edge"')] : []),
  },
  {
    reads: ["version"],
    find: ({ version }) =>
      version === undefined ? [toProblem(["version"], version, 'a version, such as "1.0"')] : [],
  },
  { reads: ["id", "version"], find: findLongLabel },
  { reads: ["level"], find: findPolicyMix },
  { reads: ["level", "executionControl"], find: findUnsignedExecution },
  { reads: ["units"], find: findUnitsInTwoLists },
  { reads: ["units"], find: findMaskedRestarts },
  { reads: ["units", "level"], find: findLoginUnits },
  { reads: ["health", "units"], find: findHealthContradictions },
  { reads: ["update", "version", "level"], find: findUpdateContradictions },
  { reads: ["files"], find: findFilesBelowFiles },
  { reads: ["configuration", "level"], find: findDocumentProblems },
  { reads: ["disk"], find: findSmallVeritySlot },
  { reads: ["disk", "level"], find: findSmallDisk },
];

/**
 * What is wrong between keys that are right by themselves, in a layer whose bases are merged in.
 * Rules that read one of `brokenKeys` are left out: they would only repeat what is known.
 */
export function findContradictions(
  layer: FlatLayer,
  brokenKeys: ReadonlySet<unknown> = new Set(),
): Problem[] {
  return RULES.filter(({ reads }) => !reads.some((key) => brokenKeys.has(key))).flatMap(({ find }) =>
    find(layer),
  );
}

function findUnmergedBase(layer: FlatLayer): Problem[] {
  if (layer.extends !== undefined) {
    return [toProblem(["extends"], layer.extends, "a system whose base is merged in")];
  }
  if (layer.remove === undefined) return [];
  return [toProblem(["remove"], layer.remove, "extends beside it: there is no base to remove from")];
}

/** The kernel can tell only files of a signed root from others. */
function findUnsignedExecution({ level, executionControl }: FlatLayer): Problem[] {
  if (executionControl !== "signed" || toTreePolicies(level ?? DEFAULTS.level).usr === "verified") return [];
  return [toProblem(["executionControl"], executionControl, 'a level whose usr is "verified"')];
}

/**
 * GPT names hold 36 UTF-16 units (UEFI 2.10, 5.3.3); a slot is labelled `ID_VERSION`, with four more
 * in front of it while an update writes it (`PRT#`, UAPI.2).
 */
const LONGEST_LABEL = 36 - "PRT#".length;

function findLongLabel({ id, version }: FlatLayer): Problem[] {
  if (id === undefined || version === undefined || `${id}_${version}`.length <= LONGEST_LABEL) return [];
  const room = LONGEST_LABEL - id.length - 1;
  const wanted = `at most ${room} characters with the id "${id}", since a slot's name holds ${LONGEST_LABEL}`;
  return [toProblem(["version"], version, wanted)];
}

function findPolicyMix({ level = DEFAULTS.level }: FlatLayer): Problem[] {
  const conflicts = findPolicyConflicts(toTreePolicies(level));
  return conflicts.map((hint) => toProblem(["level"], level, "policies that fit together", hint));
}

function findUnitsInTwoLists({ units = {} }: FlatLayer): Problem[] {
  const lists = ["enable", "disable", "mask"] as const;
  return lists.flatMap((list, index) =>
    lists.slice(index + 1).flatMap((later) => {
      const doubled = new Set(units[later]?.filter((unit) => units[list]?.includes(unit)));
      const wanted = `each unit in one list; units.${list} has it too`;
      return [...doubled].map((unit) => toProblem(["units", later], unit, wanted));
    }),
  );
}

function findMaskedRestarts({ units: { mask = [], restartable = [] } = {} }: FlatLayer): Problem[] {
  return restartable.flatMap((unit, index) =>
    mask.includes(unit)
      ? [
          toProblem(
            ["units", "restartable", index],
            unit,
            "a unit that can start",
            "units.mask keeps it from that",
          ),
        ]
      : [],
  );
}

function findFilesBelowFiles({ files = {} }: FlatLayer): Problem[] {
  const isParentAFile = (path: string) => parentsOf(path).find((parent) => Object.hasOwn(files, parent));
  return Object.keys(files).flatMap((path) => {
    const parent = isParentAFile(path);
    return parent === undefined
      ? []
      : [toProblem(["files", path], path, "a path in a folder", `files has "${parent}" as a file`)];
  });
}

function parentsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(2).map((_, index) => parts.slice(0, index + 2).join("/"));
}

/** The sizes of a disk section that the schema has let through. */
export function toPartitionSizes({ disk = {} }: FlatLayer): PartitionSizes & { sizeBytes: number } {
  const rootSlotSizeBytes = bytes(disk.rootSlot ?? DEFAULTS.rootSlotSize);
  return {
    sizeBytes: bytes(disk.size ?? DEFAULTS.diskSize),
    espSizeBytes: bytes(disk.esp ?? DEFAULTS.espSize),
    rootSlotSizeBytes,
    veritySlotSizeBytes:
      disk.veritySlot === undefined ? defaultVeritySlotSizeBytes(rootSlotSizeBytes) : bytes(disk.veritySlot),
  };
}

function bytes(size: string | number): number {
  const result = parseSize(size);
  if ("wanted" in result) throw new TypeError(`the schema let through the size ${JSON.stringify(size)}`);
  return result.sizeBytes;
}

function findSmallVeritySlot(layer: FlatLayer): Problem[] {
  const { rootSlotSizeBytes, veritySlotSizeBytes } = toPartitionSizes(layer);
  if (layer.disk?.veritySlot === undefined) return [];
  const needed = Math.ceil(verityTreeSizeBytes(rootSlotSizeBytes) / MIB) * MIB;
  if (veritySlotSizeBytes >= needed) return [];
  const wanted = `at least "${formatSize(needed)}", the hash tree of a root slot of ${formatSize(rootSlotSizeBytes)}`;
  return [
    toProblem(["disk", "veritySlot"], layer.disk.veritySlot, wanted, "leave it out to have it computed"),
  ];
}

function findSmallDisk(layer: FlatLayer): Problem[] {
  const policies = toTreePolicies(layer.level ?? DEFAULTS.level);
  const sizes = toPartitionSizes(layer);
  const needed = neededDiskSizeBytes(sizes, policies);
  if (sizes.sizeBytes >= needed) return [];

  const slots =
    policies.usr === "writable"
      ? `root ${formatSize(sizes.rootSlotSizeBytes)}`
      : `2 × root ${formatSize(sizes.rootSlotSizeBytes)}, 2 × verity ${formatSize(sizes.veritySlotSizeBytes)}, 2 × signature 1MiB`;
  const var_ = policies.usr === "writable" || policies.var === "temporary" ? "" : ", /var 64MiB at least";
  const wanted = `at least "${formatSize(needed)}": esp ${formatSize(sizes.espSizeBytes)}, ${slots}${var_}, partition tables 2MiB`;
  const keys: ProblemKeys = ["disk", "size"];
  return [
    toProblem(
      keys,
      layer.disk?.size ?? DEFAULTS.diskSize,
      wanted,
      "make disk.size larger or disk.rootSlot smaller",
    ),
  ];
}
