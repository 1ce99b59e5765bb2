import type { MessageInitShape } from "@bufbuild/protobuf";

import type { ListDisksResponseSchema } from "#protocol/gen/socle/v1/observe_pb.ts";

import { parseAssignments } from "../facts/assignments.ts";
import { parseMountInfo, toVisibleMounts } from "../facts/mounts.ts";
import { readText } from "../machineFacts.ts";
import type { ObserveMachine } from "./observeMachine.ts";

/** sysfs counts in these, whatever the disk's own sectors are. */
const SECTOR_BYTES = 512n;
/** Not disks: loop devices, RAM disks, device-mapper (what is on them shows by its file system). */
const NOT_DISKS = /^(loop|ram|zram|dm-|md|sr|fd)\d+$/;
/** Without room of their own, or those of the kernel. */
const WITHOUT_ROOM = new Set(["autofs", "overlay", "bpf", "cgroup2", "efivarfs", "securityfs", "devpts"]);

export async function listDisks(
  machine: ObserveMachine,
): Promise<MessageInitShape<typeof ListDisksResponseSchema>> {
  const names = (await machine.listFolder("/sys/block")).filter((name) => !NOT_DISKS.test(name)).toSorted();
  return {
    disks: await Promise.all(names.map((name) => readDisk(machine, name))),
    fileSystems: await readFileSystems(machine),
  };
}

async function readDisk(machine: ObserveMachine, name: string) {
  const folder = `/sys/block/${name}`;
  const read = async (file: string) => ((await readText(machine, `${folder}/${file}`)) ?? "").trim();
  const parts = (await machine.listFolder(folder)).filter((part) => part.startsWith(name));
  const partitions = await Promise.all(parts.map((part) => readPartition(machine, folder, part)));
  return {
    name,
    model: await read("device/model"),
    sizeBytes: BigInt((await read("size")) || 0) * SECTOR_BYTES,
    readOnly: (await read("ro")) === "1",
    partitions: partitions.toSorted((a, b) => a.number - b.number),
  };
}

async function readPartition(machine: ObserveMachine, disk: string, name: string) {
  const folder = `${disk}/${name}`;
  const uevent = parseAssignments((await readText(machine, `${folder}/uevent`)) ?? "");
  return {
    name,
    number: Number(uevent.get("PARTN") ?? 0),
    label: uevent.get("PARTNAME") ?? "",
    uuid: uevent.get("PARTUUID") ?? "",
    sizeBytes: BigInt(((await readText(machine, `${folder}/size`)) ?? "0").trim()) * SECTOR_BYTES,
  };
}

async function readFileSystems(machine: ObserveMachine) {
  const mounts = toVisibleMounts(parseMountInfo((await readText(machine, "/proc/1/mountinfo")) ?? ""));
  const found = mounts.filter(({ fstype }) => !WITHOUT_ROOM.has(fstype));
  const read = await Promise.all(
    found.map(async ({ target, source, fstype, readOnly }) => {
      const room = await machine.statFileSystem(target).catch(() => undefined); // unmounted meanwhile, or broken
      if (room === undefined) return [];
      const [sizeBytes, freeBytes] = [BigInt(room.sizeBytes), BigInt(room.freeBytes)];
      return [{ target, source, fstype, readOnly, sizeBytes, freeBytes }];
    }),
  );
  return read.flat();
}
