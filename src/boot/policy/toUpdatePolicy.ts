import type { UpdateConfiguration } from "#config/updateConfiguration.ts";

import type { ImageUpdateDefaults, UpdatePolicy } from "./updatePolicy.ts";

/**
 * What the image says, with what the machine's configuration says over it, key by key. A document that
 * is refused is not passed over: nobody knows what it would have forbidden, so nothing happens by itself.
 */
export function toUpdatePolicy(
  defaults: ImageUpdateDefaults,
  configuration: UpdateConfiguration | { readonly refused: readonly string[] } | undefined,
): UpdatePolicy {
  if (configuration === undefined) return defaults;
  if ("refused" in configuration) return { ...defaults, mode: "manual", refused: configuration.refused };
  return { ...defaults, ...configuration };
}
