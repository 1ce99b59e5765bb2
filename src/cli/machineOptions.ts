import { InvalidArgumentError, Option } from "@commander-js/extra-typings";

/** The argument of commands about a machine that have no other word at this place. */
export const MACHINE = [
  "[machine]",
  "a machine's name (default: the current context, or the only one that runs here)",
] as const;

/** The same in front of other words: `--context edge-01`. */
export function createContextOption() {
  return new Option("--context <name>", "of this machine (default: the current context)");
}

/** For commands that can ask several machines at once. */
export function createNodesOption() {
  return new Option("-n, --nodes <names>", "several machines at once: a,b,c").argParser(parseNodes);
}

/** With `-n`, of commands that change something: they change one machine after the other. */
export const KEEP_GOING = ["--keep-going", "with -n: on to the next machine, also after a failure"] as const;

/** @returns milliseconds */
export function createWatchOption() {
  return new Option("--watch [seconds]", "again and again, with so many seconds in between")
    .preset("2")
    .argParser(parseSeconds);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,5}(\.\d)?$/.test(text) || seconds === 0)
    throw new InvalidArgumentError("write seconds, such as 5, and the name of a machine before --watch");
  return seconds * 1000;
}

function parseNodes(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes(""))
    throw new InvalidArgumentError("write names with commas between them: edge-01,edge-02");
  return [...new Set(names)];
}
