import { openWorkspace } from "#system/workspace.ts";
import { findMachine } from "#vm/machineFolder.ts";

import type { MachineAccess } from "./callMachine.ts";

/** How to reach the machine of this name, or the only one that runs. */
export async function findMachineAccess(name: string | undefined): Promise<MachineAccess> {
  const { host, port, caPem, certPem, keyPem } = await findMachine(openWorkspace(), name);
  return { host, port, caPem, certPem, keyPem };
}
