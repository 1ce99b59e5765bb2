import { TEXT_RULES } from "#definition/textRules.ts";

import { listOf, readFields, readText, type FieldReaders, type Place } from "./documentReader.ts";
import type { ServerName, TimeConfiguration, TimeZone } from "./machineConfiguration.ts";
import { NETWORK_TEXT_RULES } from "./networkTexts.ts";

const TIME_FIELDS: FieldReaders<Partial<TimeConfiguration>> = {
  servers: listOf("time servers", 16, readText<ServerName>(NETWORK_TEXT_RULES.server)),
  zone: readText<TimeZone>(TEXT_RULES.timeZone),
};

export function readTime(place: Place): TimeConfiguration | undefined {
  const document = readFields(place, TIME_FIELDS, []);
  if (document === undefined) return undefined;
  const { servers = [], zone } = document;
  return { servers, ...(zone === undefined ? {} : { zone }) };
}
