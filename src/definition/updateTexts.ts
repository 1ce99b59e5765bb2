import type { DurationBounds } from "./boundedDuration.ts";
import type { Refusal, TextRule } from "./textRules.ts";

/** What the section `update` takes, in a definition and in a machine's configuration alike. */

export const UPDATE_MODES = ["manual", "download", "automatic"] as const;

/** ISO 8601: the week begins on Monday. */
export const WEEK_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type WeekDay = (typeof WEEK_DAYS)[number];

export const UPDATE_DURATIONS = {
  window: { least: "1min", most: "24h" },
  spread: { least: "0s", most: "7d" },
  minimumAge: { least: "0s", most: "365d" },
} as const satisfies Record<string, DurationBounds>;

export const UPDATE_TEXT_RULES = {
  /** It ends in logs and answers, so it holds no secret. */
  repository: {
    wanted: 'the http: or https: address of a repository, such as "https://updates.example.org/"',
    pattern: /^https?:\/\/[^\s\p{Cc}]+$/u,
    refuse: refuseRepository,
  },
  /** As the name of a TUF role that is none of TUF's own (release/channel.ts says the same). */
  channel: {
    wanted: 'the name of a channel, such as "stable": lower-case letters, digits and "-"',
    pattern: /^(?!(?:root|targets|snapshot|timestamp)$)[a-z0-9][a-z0-9-]{0,62}$/,
  },
  start: {
    wanted: 'a time of day from "00:00" to "23:59"',
    pattern: /^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/,
    hint: (text) => (/^[0-9]:[0-5][0-9]$/.test(text) ? `did you mean "0${text}"?` : undefined),
  },
  reason: {
    wanted: "one line of text, at most 200 characters",
    pattern: /^(?=.*\S)[^\p{Cc}\u2028\u2029]{1,200}$/u,
  },
} as const satisfies Record<string, TextRule>;

function refuseRepository(text: string): Refusal | undefined {
  if (!URL.canParse(text)) return {};
  const { username, password, search, hash } = new URL(text);
  if (username !== "" || password !== "")
    return { hint: "an address with a user or a password is not taken" };
  return search === "" && hash === "" ? undefined : { hint: 'without "?" and "#"' };
}
