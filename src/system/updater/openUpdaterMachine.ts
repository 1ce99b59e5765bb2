import { readFile, statfs } from "node:fs/promises";

import type { BlockDevice, BootFolder } from "#boot/updateDevices.ts";
import type { HealthReport } from "#health/healthReport.ts";
import { HEALTH_FOLDER } from "#health/healthReport.ts";

import { readIfPresent } from "../files.ts";
import { runCommand } from "../runCommand.ts";
import { findRootDisk, parseRootDevice } from "./findRootDisk.ts";
import { listLocks, type RestartLock } from "./listLocks.ts";
import { openBlockDevice } from "./openBlockDevice.ts";
import { BOOT_FOLDER, openBootFolder } from "./openBootFolder.ts";
import { openBootLoader, type SystemdBoot } from "./openBootLoader.ts";
import { openUpdateRecords, UPDATE_RECORDS_FOLDER, type UpdateRecords } from "./openUpdateRecords.ts";
import { openWayBack, type WayBackFiles } from "./openWayBack.ts";
import { readHealthReports } from "./readHealthReports.ts";
import { readRunning, type RunningSystem } from "./readRunning.ts";
import { UpdaterMachineError } from "./updaterMachineError.ts";

/** The form that agent/updater/updaterMachine.ts asks for. */
export interface OpenUpdaterMachine {
  readonly disk: BlockDevice;
  readonly bootFolder: BootFolder;
  readonly loader: SystemdBoot;
  readRunning(): Promise<RunningSystem>;
  readBootId(): Promise<string>;
  readHealthReports(): Promise<HealthReport[]>;
  readonly records: UpdateRecords;
  readonly wayBack: WayBackFiles;
  listLocks(): Promise<RestartLock[]>;
  readFreeStateBytes(): Promise<number>;
  reboot(): Promise<void>;
}

const STATE_FOLDER = "/var";

/**
 * The machine this process runs on, for changing it.
 * @param warn hears of what could not be read and was left out
 */
export async function openUpdaterMachine(
  warn: (message: string) => void = (message) => process.stderr.write(`${message}\n`),
): Promise<OpenUpdaterMachine> {
  const deviceNumber = parseRootDevice(await readFile("/proc/1/mountinfo", "utf8"));
  const { name, mapping } = await findRootDisk(deviceNumber);
  if (mapping === undefined)
    throw new UpdaterMachineError("running-unknown", `Cannot update this machine: its root is not verified`, {
      hint: "Only a system of a verified level has slots.",
    });
  const imageVersion = await readImageVersion();
  const disk = await openBlockDevice(`/dev/${name}`);
  if (!disk.readsMedium)
    warn(`"/dev/${name}" is read back through the kernel's cache, which is dropped before`);
  const bootFolder = openBootFolder(BOOT_FOLDER);
  return {
    disk,
    bootFolder,
    loader: openBootLoader(bootFolder),
    readRunning: async () => readRunning(mapping, imageVersion),
    readBootId: async () => (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
    readHealthReports: async () => readHealthReports(HEALTH_FOLDER, warn),
    records: openUpdateRecords(UPDATE_RECORDS_FOLDER, warn),
    wayBack: openWayBack(),
    listLocks: async () => listLocks(),
    readFreeStateBytes: async () => {
      const { bavail, bsize } = await statfs(STATE_FOLDER);
      return bavail * bsize;
    },
    reboot: async () => {
      await runCommand(["systemctl", "--no-block", "reboot"]);
    },
  };
}

async function readImageVersion(): Promise<string> {
  const osRelease = (await readIfPresent("/usr/lib/os-release")) ?? "";
  const version = /^IMAGE_VERSION="?([^"\n]+)"?$/m.exec(osRelease)?.[1];
  if (version === undefined)
    throw new UpdaterMachineError(
      "running-unknown",
      `Cannot tell what runs: os-release has no IMAGE_VERSION`,
    );
  return version;
}
