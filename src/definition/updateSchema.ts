import { z } from "zod";
import { parseBoundedDuration, toDurationWanted, type DurationBounds } from "./boundedDuration.ts";
import { DEFAULTS } from "./defaults.ts";
import { DURATION_PATTERN } from "./duration.ts";
import { choice, key, section, text } from "./schemaParts.ts";
import { TEXT_RULES } from "./textRules.ts";
import { UPDATE_DURATIONS, UPDATE_MODES, UPDATE_TEXT_RULES, WEEK_DAYS } from "./updateTexts.ts";

/** The section `update` of a definition, as it is written. */

const duration = (bounds: DurationBounds) =>
  text({
    wanted: toDurationWanted(bounds),
    pattern: DURATION_PATTERN,
    refuse: (written) => {
      const parsed = parseBoundedDuration(written, bounds);
      return "wanted" in parsed ? parsed : undefined;
    },
    hint: (written) => {
      const parsed = parseBoundedDuration(written, bounds);
      return "wanted" in parsed ? parsed.hint : undefined;
    },
  });

const needed = <Schema extends z.ZodType>(schema: Schema, description: string) =>
  schema.meta({ description });

const window = section(
  {
    days: key(
      z
        .array(choice(WEEK_DAYS), { error: "a list of days of the week" })
        .min(1, { error: "a list of at least one day of the week" }),
      "Days on which it opens: `mon` to `sun`. Default: every day.",
    ),
    start: needed(
      text(UPDATE_TEXT_RULES.start),
      "When it opens, by the wall clock of the zone, such as `02:00`.",
    ),
    duration: needed(
      duration(UPDATE_DURATIONS.window),
      "How long it stays open, such as `2h`; over midnight, too.",
    ),
    timeZone: needed(text(TEXT_RULES.timeZone), "Time zone, by IANA name, such as `Europe/Paris`."),
  },
  "an object with days, start, duration and timeZone",
);

export const update = section(
  {
    repository: key(
      text(UPDATE_TEXT_RULES.repository),
      "http: or https: address of the folder that `socle publish` writes. Default: none; the machine's configuration names one.",
    ),
    channel: key(text(UPDATE_TEXT_RULES.channel), "The channel to follow.", DEFAULTS.updateChannel),
    floor: key(
      text(TEXT_RULES.version),
      "No version below this one is ever installed on a machine of this image. At most the version itself.",
    ),
    mode: key(
      choice(UPDATE_MODES),
      "What a machine does by itself: nothing (`manual`), put a release in place and leave the restart to somebody (`download`), restart too (`automatic`).",
      DEFAULTS.updateMode,
    ),
    window: key(window, "When a machine may restart by itself. Default: at any time."),
    spread: key(
      duration(UPDATE_DURATIONS.spread),
      "Each machine begins at a moment of its own within this time, so that not all do at once.",
      DEFAULTS.updateSpread,
    ),
    minimumAge: key(
      duration(UPDATE_DURATIONS.minimumAge),
      "How long a release must have been in the channel before a machine takes it by itself.",
      DEFAULTS.updateMinimumAge,
    ),
  },
  "an object with repository, channel, floor, mode, window, spread and minimumAge",
);

export type UpdateSection = z.output<typeof update>;
