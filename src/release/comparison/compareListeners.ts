import type { ComparedListener, ComparedListeners } from "./comparedSystem.ts";
import { compareKeyed, compareTexts } from "./compareKeyed.ts";
import type { Listener, ListenerDiff } from "./releaseDiff.ts";

/**
 * Ports by protocol, address and number. Between what unit files declare and what is open on a
 * machine only protocol and number are compared: a unit's name is no process's, and a program may
 * bind more narrowly than its unit says.
 */
export function compareListeners(from: ComparedListeners, to: ComparedListeners): ListenerDiff {
  const isMixed = from.evidence !== to.evidence;
  const changes = compareKeyed(
    toListeners(from.entries, isMixed),
    toListeners(to.entries, isMixed),
    toKey,
    (a, b) => isMixed || a.by.join(" ") === b.by.join(" "),
  );
  return { evidence: isMixed ? "mixed" : from.evidence, ...changes };
}

/** One entry for each port, with all that share it. */
function toListeners(entries: readonly ComparedListener[], anyAddress: boolean): Listener[] {
  const groups = Map.groupBy(
    entries.map((entry) => (anyAddress ? { ...entry, address: "*" } : entry)),
    toKey,
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const by = new Set([first, ...others].map((entry) => entry.by));
    const { protocol, address, port } = first;
    return [{ protocol, address, port, by: [...by].sort(compareTexts) }];
  });
}

/** Sorts by number too. */
function toKey({ protocol, address, port }: Pick<Listener, "protocol" | "address" | "port">): string {
  return `${protocol} ${String(port).padStart(5, "0")} ${address}`;
}
