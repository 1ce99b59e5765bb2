import type { MessageInitShape } from "@bufbuild/protobuf";

import type { GetLoadResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { parseUptime } from "../facts/bootTimes.ts";
import { readText, type Machine } from "../machineFacts.ts";

const TICK_US = 10_000;
const SECTOR_BYTES = 512;
/** Partitions would count twice, and what lies on others too. */
const WHOLE_DISK = /^(?:[shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;

export async function getLoad(machine: Machine): Promise<MessageInitShape<typeof GetLoadResponseSchema>> {
  const read = async (path: string) => (await readText(machine, path)) ?? "";
  const [stat, averages, memory, network, disks, uptime] = await Promise.all(
    [
      "/proc/stat",
      "/proc/loadavg",
      "/proc/meminfo",
      "/proc/1/net/dev",
      "/proc/diskstats",
      "/proc/uptime",
    ].map(read),
  );
  return {
    atUs: BigInt(parseUptime(uptime ?? "") ?? 0),
    ...parseProcessors(stat ?? ""),
    loadAverages: (averages ?? "").split(" ").slice(0, 3).map(Number),
    memoryTotalBytes: readKb(memory ?? "", "MemTotal"),
    memoryAvailableBytes: readKb(memory ?? "", "MemAvailable"),
    ...parseTraffic(network ?? ""),
    ...parseDiskTraffic(disks ?? ""),
  };
}

/** /proc/stat, proc_stat(5): of all processors; idle and waiting for disks is not busy, and guests count in user. */
export function parseProcessors(text: string): { busyUs: bigint; processors: number } {
  const [, ...ticks] = (/^cpu .*$/m.exec(text)?.[0] ?? "").trim().split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
  return {
    busyUs: BigInt((user + nice + system + irq + softirq + steal) * TICK_US),
    processors: [...text.matchAll(/^cpu\d+ /gm)].length,
  };
}

/** /proc/net/dev, proc_pid_net(5). */
export function parseTraffic(text: string): { receivedBytes: bigint; sentBytes: bigint } {
  let [receivedBytes, sentBytes] = [0n, 0n];
  for (const line of text.split("\n")) {
    const [, name, counters] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || name === "lo") continue;
    const fields = (counters ?? "").split(/\s+/);
    receivedBytes += BigInt(fields[0] ?? 0);
    sentBytes += BigInt(fields[8] ?? 0);
  }
  return { receivedBytes, sentBytes };
}

/** /proc/diskstats: the kernel's documentation, admin-guide/iostats. */
export function parseDiskTraffic(text: string): { diskReadBytes: bigint; diskWrittenBytes: bigint } {
  let [read, written] = [0, 0];
  for (const line of text.split("\n")) {
    const [, , name = "", , , sectorsRead, , , , sectorsWritten] = line.trim().split(/\s+/);
    if (!WHOLE_DISK.test(name)) continue;
    read += Number(sectorsRead);
    written += Number(sectorsWritten);
  }
  return { diskReadBytes: BigInt(read * SECTOR_BYTES), diskWrittenBytes: BigInt(written * SECTOR_BYTES) };
}

function readKb(text: string, name: string): bigint {
  return BigInt(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024n;
}
