import { toMaintenanceWindow, type WrittenWindow } from "#boot/policy/toMaintenanceWindow.ts";
import type { MaintenanceWindow, UpdateMode, UpdatePolicy } from "#boot/policy/updatePolicy.ts";
import { parseBoundedDuration, type DurationBounds } from "#definition/boundedDuration.ts";
import { TEXT_RULES } from "#definition/textRules.ts";
import {
  UPDATE_DURATIONS,
  UPDATE_MODES,
  UPDATE_TEXT_RULES,
  WEEK_DAYS,
  type WeekDay,
} from "#definition/updateTexts.ts";

import {
  listOf,
  oneOf,
  readFields,
  readText,
  refuse,
  type FieldReaders,
  type Place,
  type Read,
} from "./documentReader.ts";
import type { UpdateConfiguration } from "./updateConfiguration.ts";

type ConfiguredHold = NonNullable<UpdatePolicy["hold"]>;

/** The section with its spans of time in seconds. */
interface UpdateDocument {
  readonly repository?: string;
  readonly channel?: string;
  readonly mode?: UpdateMode;
  readonly window?: MaintenanceWindow;
  readonly spread?: number;
  readonly minimumAge?: number;
  readonly pin?: string;
  readonly hold?: ConfiguredHold;
}

const WINDOW_FIELDS: FieldReaders<WrittenWindow> = {
  days: listOf("days of the week", 7, oneOf<WeekDay>(WEEK_DAYS)),
  start: readText(UPDATE_TEXT_RULES.start),
  duration: (place) =>
    readSeconds(UPDATE_DURATIONS.window)(place) === undefined ? undefined : String(place.value),
  timeZone: readText(TEXT_RULES.timeZone),
};

const HOLD_FIELDS: FieldReaders<ConfiguredHold> = {
  reason: readText(UPDATE_TEXT_RULES.reason),
};

const UPDATE_FIELDS: FieldReaders<UpdateDocument> = {
  repository: readText(UPDATE_TEXT_RULES.repository),
  channel: readText(UPDATE_TEXT_RULES.channel),
  mode: oneOf<UpdateMode>(UPDATE_MODES),
  window: readWindow,
  spread: readSeconds(UPDATE_DURATIONS.spread),
  minimumAge: readSeconds(UPDATE_DURATIONS.minimumAge),
  pin: readText(TEXT_RULES.version),
  hold: readHold,
};

export function readUpdate(place: Place): UpdateConfiguration | undefined {
  const document = readFields(place, UPDATE_FIELDS, []);
  if (document === undefined) return undefined;
  const { spread, minimumAge, ...others } = document;
  return {
    ...others,
    ...(spread === undefined ? {} : { spreadSeconds: spread }),
    ...(minimumAge === undefined ? {} : { minimumAgeSeconds: minimumAge }),
  };
}

function readWindow(place: Place): MaintenanceWindow | undefined {
  const { days, start, duration, timeZone } =
    readFields(place, WINDOW_FIELDS, ["start", "duration", "timeZone"]) ?? {};
  if (start === undefined || duration === undefined || timeZone === undefined) return undefined;
  return toMaintenanceWindow({ days, start, duration, timeZone });
}

function readHold(place: Place): ConfiguredHold | undefined {
  const { reason } = readFields(place, HOLD_FIELDS, ["reason"]) ?? {};
  return reason === undefined ? undefined : { reason };
}

function readSeconds(bounds: DurationBounds): Read<number> {
  return (place) => {
    const parsed = parseBoundedDuration(place.value, bounds);
    return "wanted" in parsed ? refuse(place, parsed.wanted, parsed.hint) : parsed.seconds;
  };
}
