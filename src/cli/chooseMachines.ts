import type { Report } from "#progress/events.ts";

import { findMachineAccess } from "./findMachineAccess.ts";
import type { NamedMachine } from "./update/updateMachine.ts";
import { UsageError } from "./usageError.ts";

/** How a command line names the machine that is meant: machineOptions.ts has the options. */
export interface MachineOption {
  readonly context?: string | undefined;
}

export interface MachinesOption extends MachineOption {
  readonly nodes?: readonly string[] | undefined;
}

export type FindMachine = (name: string) => Promise<NamedMachine>;

/** One machine, or several: those are looked for when they are asked, since one that is not known is its own failure. */
export type ChosenMachines =
  | { readonly machine: NamedMachine }
  | { readonly names: readonly string[]; readonly find: FindMachine };

type Surroundings = { readonly report?: Report };

/** The one that is meant: as it is named, else the current context, else the only one that runs here. */
export async function chooseMachine(
  argument: string | undefined,
  { context }: MachineOption,
  surroundings: Surroundings = {},
): Promise<NamedMachine> {
  return findMachineAccess(toName(argument, context), surroundings);
}

export async function chooseMachines(
  argument: string | undefined,
  { context, nodes }: MachinesOption,
  surroundings: Surroundings = {},
): Promise<ChosenMachines> {
  const name = toName(argument, context);
  if (nodes === undefined) return { machine: await findMachineAccess(name, surroundings) };
  const names = [...new Set([...(name === undefined ? [] : [name]), ...nodes])];
  return { names, find: (each) => findMachineAccess(each, surroundings) };
}

function toName(argument: string | undefined, context: string | undefined): string | undefined {
  if (argument !== undefined && context !== undefined && argument !== context)
    throw new UsageError("machine-named-twice", `Which machine is meant: "${argument}" or "${context}"?`, {
      hint: `For both: -n ${argument},${context}`,
    });
  return argument ?? context;
}
