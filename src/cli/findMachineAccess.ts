import type { Report } from "#progress/events.ts";
import { contextsFile, readContexts, type Contexts } from "#system/contextFile.ts";
import { openWorkspace } from "#system/workspace.ts";
import { findMachine, listMachines, MachineLookupError, type MachineRecord } from "#vm/machineFolder.ts";

import { warnOfExpiry } from "./connectMachine.ts";
import type { NamedMachine } from "./update/updateMachine.ts";

/**
 * How to reach the machine of this name: one of `socle vm` that runs, then a context. Without a name: the current
 * context, then the only machine that runs.
 */
export async function findMachineAccess(
  name: string | undefined,
  { report }: { readonly report?: Report } = {},
): Promise<NamedMachine> {
  const machine = await find(name);
  const warning = warnOfExpiry(machine.certPem, new Date());
  if (warning !== undefined)
    report?.({ kind: "note", level: "warning", message: `${machine.name}: ${warning}` });
  return machine;
}

async function find(name: string | undefined): Promise<NamedMachine> {
  const workspace = openWorkspace();
  const contexts = await readContexts(contextsFile());
  const wanted = name ?? contexts.current ?? undefined;
  if (wanted === undefined) return toNamedMachine(await findMachine(workspace, undefined));
  const running = await listMachines(workspace);
  const machine = name === undefined ? undefined : running.find((record) => record.name === name);
  if (machine !== undefined) return toNamedMachine(machine);
  const context = Object.hasOwn(contexts.contexts, wanted) ? contexts.contexts[wanted] : undefined;
  if (context !== undefined) return { name: wanted, ...context };
  throw new MachineLookupError("no-machine", `There is no machine "${wanted}"`, {
    hint: toHint(running, contexts),
  });
}

function toHint(running: readonly MachineRecord[], { contexts }: Contexts): string {
  const names = Object.keys(contexts).toSorted();
  return [
    running.length === 0
      ? "No machine runs here. Start one with: socle vm"
      : `Running here: ${running.map(({ name }) => name).join(", ")}`,
    names.length === 0
      ? "No other is known. Add one with: socle context add"
      : `Contexts: ${names.join(", ")}`,
  ].join("\n");
}

function toNamedMachine({ name, host, port, caPem, certPem, keyPem }: MachineRecord): NamedMachine {
  return { name, host, port, caPem, certPem, keyPem };
}
