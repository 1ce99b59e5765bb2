import { readdir, readFile, readlink } from "node:fs/promises";
import { basename, join } from "node:path";

import { UpdaterMachineError } from "./updaterMachineError.ts";

export interface RootDisk {
  /** Below /dev, e.g. `vda`. */
  readonly name: string;
  /** Of the device-mapper device that is mounted as the root; undefined where the root is a partition itself. */
  readonly mapping: string | undefined;
}

/**
 * The disk that the root comes from: from the mounted device downwards through sysfs, because names such as
 * /dev/mapper/root are only what somebody chose.
 * @param deviceNumber of the root's mount, e.g. `253:0`
 */
export async function findRootDisk(deviceNumber: string, sysFolder = "/sys"): Promise<RootDisk> {
  const root = join(sysFolder, "dev/block", deviceNumber);
  const below = await readdir(join(root, "slaves")).catch(() => []);
  const mapping = await readFile(join(root, "dm/name"), "utf8").catch(() => undefined);
  const partitions = below.length > 0 ? below : [basename(await readLinkOf(root, deviceNumber))];
  const disks = new Set(await Promise.all(partitions.map((name) => findDisk(sysFolder, name))));
  const [disk, ...others] = disks;
  if (disk === undefined || others.length > 0)
    throw new UpdaterMachineError(
      "disk-not-found",
      `Cannot find the disk of the root: it lies on ${[...disks].join(" and ") || "none"}, wanted one`,
    );
  return { name: disk, mapping: mapping?.trim() };
}

/** The device on which the topmost mount of `/` lies, from /proc/PID/mountinfo: `253:0`. proc_pid_mountinfo(5) */
export function parseRootDevice(mountInfo: string): string {
  const mounts = mountInfo.split("\n").map((line) => line.split(" "));
  const deviceNumber = mounts.findLast(([, , , , target]) => target === "/")?.[2];
  if (deviceNumber !== undefined) return deviceNumber;
  throw new UpdaterMachineError(
    "disk-not-found",
    "Cannot find the disk of the root: nothing is mounted there",
  );
}

/** A partition's folder in sysfs lies in that of its disk. */
async function findDisk(sysFolder: string, partition: string): Promise<string> {
  const link = join(sysFolder, "class/block", partition);
  const isPartition = await readFile(join(link, "partition"), "utf8").catch(() => undefined);
  if (isPartition === undefined)
    throw new UpdaterMachineError(
      "disk-not-found",
      `Cannot find the disk of the root: "${partition}" is not a partition`,
    );
  return basename(join(await readLinkOf(link, partition), ".."));
}

async function readLinkOf(path: string, what: string): Promise<string> {
  try {
    return await readlink(path);
  } catch (cause) {
    throw new UpdaterMachineError("disk-not-found", `Cannot find the disk of the root: no device "${what}"`, {
      hint: "The root of a machine that can be updated lies on a partition of a disk.",
      cause,
    });
  }
}
