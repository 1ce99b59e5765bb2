import { dirname } from "node:path";

/** How a person calls this program again: `socle` where the shell finds it, else the path it was called by. */
export function toCommandName(environment: Readonly<Record<string, string | undefined>>): string {
  const called = environment["SOCLE_COMMAND"];
  if (called === undefined) return "socle";
  return (environment["PATH"] ?? "").split(":").includes(dirname(called)) ? "socle" : called;
}
