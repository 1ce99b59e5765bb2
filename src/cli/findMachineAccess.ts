import { openWorkspace } from "#system/workspace.ts";
import { findMachine } from "#vm/machineFolder.ts";

import type { NamedMachine } from "./update/updateMachine.ts";

/** How to reach the machine of this name, or the only one that runs. */
export async function findMachineAccess(name: string | undefined): Promise<NamedMachine> {
  const record = await findMachine(openWorkspace(), name);
  const { host, port, caPem, certPem, keyPem } = record;
  return { name: record.name, host, port, caPem, certPem, keyPem };
}
