import { join } from "node:path";

import { z } from "zod";

import { SocleError } from "#progress/socleError.ts";
import { isFolder, isProcessAlive, listFolder, readIfPresent, writeAtomic } from "#system/files.ts";
import type { Workspace } from "#system/workspace.ts";

/** What other commands must know of a machine that runs: how to reach it and who may. */
export interface MachineRecord {
  readonly name: string;
  /** Of the command that runs it. */
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

export class MachineLookupError extends SocleError<"no-machine" | "machine-unclear"> {
  override readonly name = "MachineLookupError";
}

const recordSchema = z.strictObject({
  name: z.string(),
  pid: z.int(),
  host: z.string(),
  port: z.int(),
  caPem: z.string(),
  certPem: z.string(),
  keyPem: z.string(),
});

export async function writeMachineRecord(folder: string, record: MachineRecord): Promise<void> {
  await writeAtomic(join(folder, "machine.json"), JSON.stringify(record), 0o600);
}

/** The machines that run now. */
export async function listMachines(workspace: Workspace): Promise<MachineRecord[]> {
  const records: MachineRecord[] = [];
  for (const name of await listFolder(workspace.machines)) {
    const folder = join(workspace.machines, name);
    if (!(await isFolder(folder))) continue; // logs of machines lie beside them
    const text = await readIfPresent(join(folder, "machine.json"));
    if (text === undefined) continue;
    const record = recordSchema.parse(JSON.parse(text));
    if (isProcessAlive(record.pid)) records.push(record);
  }
  return records;
}

/** The machine of this name, or the only one that runs. */
export async function findMachine(workspace: Workspace, name: string | undefined): Promise<MachineRecord> {
  const machines = await listMachines(workspace);
  const named = name === undefined ? machines : machines.filter((machine) => machine.name === name);
  const [machine, ...others] = named;
  const running =
    machines.length === 0 ? "No machine runs." : `Running: ${machines.map((entry) => entry.name).join(", ")}`;
  if (machine === undefined) {
    throw new MachineLookupError(
      "no-machine",
      name === undefined ? "There is no machine to ask" : `There is no machine "${name}"`,
      {
        hint: `${running} Start one with: socle vm`,
      },
    );
  }
  if (others.length > 0) {
    throw new MachineLookupError(
      "machine-unclear",
      "Cannot tell which machine is meant: more than one runs",
      {
        hint: `${running}\nName one: socle status ${machine.name}`,
      },
    );
  }
  return machine;
}
