/** By number, syslog(3). */
export const PRIORITY_WORDS: readonly string[] = [
  "emerg",
  "alert",
  "crit",
  "err",
  "warning",
  "notice",
  "info",
  "debug",
];
