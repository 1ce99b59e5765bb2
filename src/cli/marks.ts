/** One mark per state, everywhere. Each stands beside a word: it adds, it never tells alone. */
export interface Marks {
  readonly ok: string;
  readonly failed: string;
  readonly warning: string;
  /** Not looked at. */
  readonly unknown: string;
  readonly running: readonly string[];
  readonly barDone: string;
  readonly barLeft: string;
}

const UNICODE: Marks = {
  ok: "✓",
  failed: "✗",
  warning: "!",
  unknown: "·",
  running: ["◐", "◓", "◑", "◒"],
  barDone: "█",
  barLeft: "░",
};

const ASCII: Marks = {
  ok: "+",
  failed: "x",
  warning: "!",
  unknown: "-",
  running: ["|", "/", "-", "\\"],
  barDone: "#",
  barLeft: ".",
};

/** ASCII where the locale names another character set, or the terminal is known to lack the signs. */
export function toMarks(env: Readonly<Record<string, string | undefined>>): Marks {
  if (env["TERM"] === "dumb" || env["TERM"] === "linux") return ASCII;
  // A container often has no locale at all, yet its terminal is nearly always UTF-8.
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "C.UTF-8";
  return /utf-?8/i.test(locale) || locale === "C" || locale === "POSIX" ? UNICODE : ASCII;
}
