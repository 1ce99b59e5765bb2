import { lstat, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { CommandError, runCommand } from "./runCommand.ts";

const MOUNT_POINT = "/run/socle/drive";
const FILE_NAMES = ["socle.yaml", "socle.json"];
const MAX_BYTES = 1024 * 1024;

/**
 * The document on the file system with that label; undefined when there is none now: nobody waits for it. Found by the
 * disks' own labels, as udev may not have seen them yet.
 */
export async function readConfigurationDrive(): Promise<string | undefined> {
  const device = await findDevice();
  if (device === undefined) return undefined;
  await mkdir(MOUNT_POINT, { recursive: true, mode: 0o700 });
  await mount(device);
  try {
    return await readDriveDocument(MOUNT_POINT);
  } finally {
    await runCommand(["umount", MOUNT_POINT]);
  }
}

async function mount(device: string): Promise<void> {
  const options = "ro,nosuid,nodev,noexec,nosymfollow";
  try {
    await runCommand(["mount", "-t", "vfat,ext4,iso9660", "-o", options, device, MOUNT_POINT]);
  } catch (cause) {
    throw new Error(`the configuration drive "${device}" cannot be mounted as vfat, ext4 or iso9660`, {
      cause,
    });
  }
}

/** Its root has one of the two files. Exported for tests. */
export async function readDriveDocument(folder: string): Promise<string> {
  for (const name of FILE_NAMES) {
    const path = join(folder, name);
    const entry = await lstat(path).catch(() => undefined);
    if (entry === undefined) continue;
    // Whoever made the drive is not trusted with more than this file: no pipe that never ends, no link to elsewhere.
    if (!entry.isFile()) throw new Error(`"${name}" of the configuration drive is no file`);
    if (entry.size > MAX_BYTES)
      throw new Error(
        `"${name}" of the configuration drive has ${entry.size} bytes, at most ${MAX_BYTES} are read`,
      );
    return readFile(path, "utf8");
  }
  throw new Error(`the configuration drive has no ${FILE_NAMES.join(" and no ")}`);
}

async function findDevice(): Promise<string | undefined> {
  try {
    // Without its cache, which can know a disk that has gone.
    const { stdout } = await runCommand(["blkid", "-c", "/dev/null", "-s", "LABEL", "-o", "full"]);
    return findDrive(stdout);
  } catch (error) {
    // blkid(8): no disk has anything to say.
    if (error instanceof CommandError && error.exitStatus === 2) return undefined;
    throw error;
  }
}

/** Its device, in the output of blkid. A label of vfat has at most eleven characters. */
export function findDrive(devices: string): string | undefined {
  return /^([^:\n]+): LABEL="SOCLE-CONF(?:IG)?"/m.exec(devices)?.[1];
}
