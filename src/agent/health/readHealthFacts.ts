import type { HealthContract } from "#health/healthContract.ts";
import type { HealthFacts } from "#health/healthFacts.ts";
import { readText } from "../machineFacts.ts";
import { askProbe } from "./askProbe.ts";
import type { HealthMachine } from "./healthMachine.ts";
import { readUnits } from "./readUnits.ts";

/** One look at the machine: everything at once, as different moments would not fit together. */
export async function readHealthFacts(
  machine: HealthMachine,
  contract: HealthContract,
): Promise<HealthFacts> {
  const [units, probes, freeSpace, memoryBytes] = await Promise.all([
    readUnits(machine),
    Promise.all(contract.probes.map((probe) => askProbe(machine, probe))),
    Promise.all(
      contract.freeSpace.map(async ({ path }) => ({ path, freeBytes: await machine.freeBytes(path) })),
    ),
    readMemoryInUse(machine),
  ]);
  return { units, probes, freeSpace, memoryBytes, bootUs: machine.uptimeUs() };
}

async function readMemoryInUse(machine: HealthMachine): Promise<number> {
  return parseMemoryInUse((await readText(machine, "/proc/meminfo")) ?? "");
}

/** proc_meminfo(5): what is neither free nor could be had at once, in bytes. */
export function parseMemoryInUse(meminfo: string): number {
  const kilobytes = (key: string) =>
    Number(new RegExp(`^${key}: +([0-9]+) kB$`, "m").exec(meminfo)?.[1] ?? 0);
  return Math.max(0, kilobytes("MemTotal") - kilobytes("MemAvailable")) * 1024;
}
