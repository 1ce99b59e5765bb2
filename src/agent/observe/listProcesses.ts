import type { MessageInitShape } from "@bufbuild/protobuf";

import type { ListProcessesResponseSchema, ProcessSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { parseUnitOfCgroup } from "../facts/sockets.ts";
import { readText, type Machine } from "../machineFacts.ts";

/** USER_HZ, in which /proc counts time: 100 on every architecture that Socle runs on. */
const TICK_US = 10_000;
/** So many processes are looked at together. */
const AT_ONCE = 32;

/** One that ends while it is looked at is left out. */
export async function listProcesses(
  machine: Machine,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof ListProcessesResponseSchema>> {
  const pids = (await machine.listFolder("/proc")).filter((name) => /^\d+$/.test(name));
  const processes: NonNullable<Awaited<ReturnType<typeof readProcess>>>[] = [];
  for (let at = 0; at < pids.length; at += AT_ONCE) {
    signal.throwIfAborted();
    const read = await Promise.all(pids.slice(at, at + AT_ONCE).map((pid) => readProcess(machine, pid)));
    processes.push(...read.filter((process) => process !== undefined));
  }
  return { processes: processes.toSorted((a, b) => Number(b.memoryBytes - a.memoryBytes) || a.pid - b.pid) };
}

async function readProcess(machine: Machine, pid: string) {
  try {
    const folder = `/proc/${pid}`;
    const [stat, status, cgroup] = await Promise.all([
      readText(machine, `${folder}/stat`),
      readText(machine, `${folder}/status`),
      readText(machine, `${folder}/cgroup`),
    ]);
    if (stat === undefined || status === undefined) return undefined;
    // A thread of the kernel has no program, and others' may not be looked at.
    const exe = await machine.readEntry(`${folder}/exe`).catch(() => undefined);
    return {
      ...parseProcess(stat, status),
      program: exe?.target ?? "",
      unit: parseUnitOfCgroup(cgroup ?? ""),
    };
  } catch {
    return undefined; // ended meanwhile
  }
}

/** /proc/PID/stat and /proc/PID/status, proc_pid_stat(5). */
export function parseProcess(stat: string, status: string) {
  // The name is in parentheses and may hold some itself.
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  const field = (number: number) => fields[number - 3] ?? "0"; // as the manual counts them
  const residentKb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0;
  return {
    pid: Number.parseInt(stat, 10),
    parentPid: Number(field(4)),
    name: stat.slice(stat.indexOf("(") + 1, end),
    state: field(3),
    uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
    memoryBytes: BigInt(residentKb) * 1024n,
    cpuUs: BigInt((Number(field(14)) + Number(field(15))) * TICK_US),
    threads: Number(field(20)),
    startedUs: BigInt(Number(field(22)) * TICK_US),
  } satisfies MessageInitShape<typeof ProcessSchema>;
}
