export const PROGRESS_MODES = ["tty", "plain", "json"] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number] | "quiet";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What was asked for, or what the surroundings call for. */
export function chooseProgressMode(
  asked: { progress?: ProgressMode | undefined; json?: boolean; quiet?: boolean },
  stream: { isTTY?: boolean },
  env: Environment,
): ProgressMode {
  if (asked.progress !== undefined) return asked.progress;
  if (asked.json === true) return "json";
  if (asked.quiet === true) return "quiet";
  const isCi = env["CI"] !== undefined && env["CI"] !== "" && env["CI"] !== "false";
  return stream.isTTY === true && !isCi && env["TERM"] !== "dumb" ? "tty" : "plain";
}
