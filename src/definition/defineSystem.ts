/** The package `socle`, as a definition imports it. Only types come with it, so an editor loads it at once. */
import type { SystemChanges, SystemInput, SystemLayer } from "./systemInput.ts";

export type { Check, CheckInput, Finding } from "#release/checks/check.ts";
export type { HealthProbeContext, HealthProbeFunction } from "#health/healthProbeFunction.ts";
export type {
  DiskInput,
  DistributionInput,
  FileInput,
  HealthInput,
  KernelInput,
  ProbeInput,
  RemoveInput,
  SystemChanges,
  SystemInput,
  SystemLayer,
  UnitsInput,
  UpdateInput,
  UpdateWindowInput,
} from "./systemInput.ts";

/**
 * Describes a system. The result is the same plain data; `socle check` and the build read it as the
 * default export of its file.
 *
 * ```ts
 * export default defineSystem({ id: "edge", version: "1.0", packages: ["nginx"] });
 * ```
 */
export function defineSystem(input: SystemInput): SystemInput {
  return input;
}

/**
 * Describes a system as changes to another: lists append, records merge by key, everything else
 * replaces, and `remove` takes away. `base` is a path beside this file or an imported system; the
 * sources of an imported one must be `import.meta.resolve("./name")`, since its place is not known.
 *
 * ```ts
 * export default extendSystem("./base.ts", { id: "edge", packages: ["nginx"] });
 * ```
 */
export function extendSystem(base: string | SystemLayer, changes: SystemChanges): SystemLayer {
  return { ...changes, extends: base };
}
