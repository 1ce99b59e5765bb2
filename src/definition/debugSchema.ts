import { z } from "zod";
import { parseBoundedDuration, toDurationWanted } from "./boundedDuration.ts";
import { DEBUG_BOUNDS } from "./debugPolicy.ts";
import { DEFAULTS } from "./defaults.ts";
import { DURATION_PATTERN } from "./duration.ts";
import { key, list, section, text } from "./schemaParts.ts";
import { TEXT_RULES } from "./textRules.ts";

/** The section `debug` of a definition, as it is written. */

const longest = text({
  wanted: toDurationWanted(DEBUG_BOUNDS),
  pattern: DURATION_PATTERN,
  refuse: (written) => {
    const parsed = parseBoundedDuration(written, DEBUG_BOUNDS);
    return "wanted" in parsed ? parsed : undefined;
  },
  hint: (written) => {
    const parsed = parseBoundedDuration(written, DEBUG_BOUNDS);
    return "wanted" in parsed ? parsed.hint : undefined;
  },
});

export const debug = section(
  {
    allowed: key(
      z.boolean({ error: "true or false" }),
      "Whether there are debug sessions on machines of this image at all.",
      DEFAULTS.debugAllowed,
    ),
    longest: key(
      longest,
      "The longest time that one session may be asked for: `1min` to `4h`.",
      DEFAULTS.debugLongest,
    ),
    packages: key(
      list(TEXT_RULES.packageName),
      "Debian packages with tools for sessions, installed only where they are allowed. `[]`: none beside what the image has.",
      DEFAULTS.debugPackages,
    ),
  },
  "an object with allowed, longest and packages",
);

export type DebugSection = z.output<typeof debug>;
