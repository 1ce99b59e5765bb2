import { readText, type Machine } from "../machineFacts.ts";
import { decodeIdentity, type MachineIdentity } from "./machineIdentity.ts";

const IDENTITY_PROGRAM = "/usr/lib/socle/identity.mjs";

/** Has the program beside the agent make one, in the name of the host. */
export async function makeIdentity(machine: Pick<Machine, "readFile" | "run">): Promise<MachineIdentity> {
  const name = (await readText(machine, "/proc/sys/kernel/hostname"))?.trim() || "localhost";
  const made = await machine.run(process.execPath, [...process.execArgv, IDENTITY_PROGRAM, name]);
  return decodeIdentity(made);
}
