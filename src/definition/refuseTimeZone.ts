import { closestWord } from "./closestWord.ts";
import type { Refusal } from "./textRules.ts";

/** Zones that Intl knows. It ignores case, but /usr/share/zoneinfo does not. */
export function refuseTimeZone(timeZone: string): Refusal | undefined {
  const known = ["UTC", ...Intl.supportedValuesOf("timeZone")];
  if (known.includes(timeZone)) return undefined;
  const meant = known.find((zone) => zone.toLowerCase() === timeZone.toLowerCase());
  if (meant === undefined && isTimeZone(timeZone)) return undefined; // an alias, such as Asia/Kolkata
  const suggestion = meant ?? closestWord(timeZone, known);
  return suggestion === undefined ? {} : { hint: `did you mean "${suggestion}"?` };
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== "";
  } catch {
    return false; // a RangeError is how Intl says no
  }
}
