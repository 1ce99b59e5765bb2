import { toMaintenanceWindow } from "#boot/policy/toMaintenanceWindow.ts";
import type { ImageUpdateDefaults } from "#boot/policy/updatePolicy.ts";
import { parseBoundedDuration } from "./boundedDuration.ts";
import { DEFAULTS } from "./defaults.ts";
import { UPDATE_DURATIONS } from "./updateTexts.ts";
import type { UpdateSection } from "./updateSchema.ts";

/** The section of a definition that the schema has let through, with every default filled in. */
export function toImageUpdateDefaults(section: UpdateSection = {}): ImageUpdateDefaults {
  const { repository, channel, floor, mode, window, spread, minimumAge } = section;
  return {
    ...(repository === undefined ? {} : { repository }),
    channel: channel ?? DEFAULTS.updateChannel,
    mode: mode ?? DEFAULTS.updateMode,
    ...(window === undefined ? {} : { window: toMaintenanceWindow(window) }),
    spreadSeconds: toSeconds(spread ?? DEFAULTS.updateSpread, "spread"),
    minimumAgeSeconds: toSeconds(minimumAge ?? DEFAULTS.updateMinimumAge, "minimumAge"),
    ...(floor === undefined ? {} : { floor }),
  };
}

function toSeconds(duration: string, key: "spread" | "minimumAge"): number {
  const parsed = parseBoundedDuration(duration, UPDATE_DURATIONS[key]);
  if ("wanted" in parsed) throw new TypeError(`the schema let through the ${key} "${duration}"`);
  return parsed.seconds;
}
