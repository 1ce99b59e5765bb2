import type { ComparedSystem } from "#release/comparison/comparedSystem.ts";

import type { CommandContext } from "../commandContext.ts";
import { fetchInventory } from "../fetchInventory.ts";
import { findMachineAccess } from "../findMachineAccess.ts";
import { toComparedMachine } from "./toComparedMachine.ts";

/** What a running machine says of itself; `undefined` for the only one that runs. */
export async function readMachine(
  name: string | undefined,
  { report, signal }: Pick<CommandContext, "report" | "signal">,
): Promise<ComparedSystem> {
  const inventory = await fetchInventory(await findMachineAccess(name), { signal });
  for (const message of inventory.unreadable) report({ kind: "note", level: "warning", message });
  return toComparedMachine(inventory);
}
