import type { Unit } from "#protocol/gen/socle/v1/observe_pb.ts";

import type { View as Look } from "../update/renderGates.ts";

/** `✓ running`, `✗ failed (exit-code)`, `· exited`: a mark and a word. */
export function describeUnitState(
  { active, sub, result }: Pick<Unit, "active" | "sub" | "result">,
  { marks, paint }: Pick<Look, "marks" | "paint">,
): string {
  const word = sub === "" ? active : sub;
  switch (active) {
    case "failed":
      return `${paint("red", marks.failed)} failed${result === "" || result === "success" ? "" : ` (${result})`}`;
    case "active":
      return `${paint("green", marks.ok)} ${word}`;
    case "activating":
    case "deactivating":
    case "reloading":
      return `${paint("yellow", marks.running[0] ?? "")} ${word}`;
    default:
      return `${marks.unknown} ${word}`;
  }
}
