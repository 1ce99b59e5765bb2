import { compareBootEntries } from "#boot/bootOrder.ts";
import { encodeBootEntryName } from "#boot/bootCounter.ts";
import { CrashDisk } from "#boot/crashDisk.fixture.ts";
import { CrashFolder } from "#boot/crashFolder.fixture.ts";
import type { UpdateHold } from "#boot/policy/updatePolicy.ts";
import { readBootFolder } from "#boot/readBootFolder.ts";
import type { BlockDevice } from "#boot/updateDevices.ts";
import { makeMachine, type MachineContent } from "#boot/updateMachine.fixture.ts";
import { TEST_ID, type TestRelease } from "#boot/updateRelease.fixture.ts";
import type { HealthReport } from "#health/healthReport.ts";

import type { QuarantineRecord, UpdaterMachine } from "./updaterMachine.ts";

/** A machine whose disk, boot folder, loader and records are in memory. It goes on living when its updater is gone. */
export class MemoryUpdaterMachine implements UpdaterMachine {
  readonly crashDisk: CrashDisk;
  readonly bootFolder: CrashFolder;
  running: TestRelease;
  bootOnce: string | undefined;
  quarantine: QuarantineRecord[] = [];
  hold: UpdateHold | undefined;
  reports: HealthReport[] = [];
  locks: { name: string; reason: string }[] = [];
  /** What the initrd is to have started if the running system does not come up any more. */
  preparedWayBack: string | undefined;
  goneBackFrom: string | undefined;
  freeStateBytes = 1 << 30;
  reboots = 0;
  /** What happens before each write to the disk. */
  beforeWrite: () => Promise<void> | void = () => undefined;

  constructor(running: TestRelease, content: MachineContent, capacityBytes = 1 << 20) {
    const state = makeMachine(content);
    this.crashDisk = new CrashDisk(state.sectors);
    this.bootFolder = new CrashFolder(state.folder, { capacityBytes });
    this.running = running;
  }

  get disk(): BlockDevice {
    const disk = this.crashDisk;
    return {
      sizeBytes: disk.sizeBytes,
      read: async (offsetBytes, sizeBytes) => disk.read(offsetBytes, sizeBytes),
      write: async (offsetBytes, bytes) => {
        await this.beforeWrite();
        await disk.write(offsetBytes, bytes);
      },
      flush: async () => disk.flush(),
    };
  }

  readonly loader: UpdaterMachine["loader"] = {
    bootOnce: async (fileName) => void (this.bootOnce = fileName),
    readBootOnce: async () => this.bootOnce,
  };

  readonly records: UpdaterMachine["records"] = {
    readQuarantine: async () => this.quarantine,
    writeQuarantine: async (record) => void this.quarantine.push(record),
    removeQuarantine: async (ukiSha256) => {
      this.quarantine = this.quarantine.filter((record) => record.ukiSha256 !== ukiSha256);
    },
    readHold: async () => this.hold,
    writeHold: async (hold) => void (this.hold = hold),
  };

  readonly wayBack: UpdaterMachine["wayBack"] = {
    prepare: async (fileName) => void (this.preparedWayBack = fileName),
    readGoneBackFrom: async () => this.goneBackFrom,
    forgetGoneBack: async () => void (this.goneBackFrom = undefined),
  };

  async readRunning(): Promise<{ version: string; rootHash: string }> {
    const { version, slot } = this.running.release;
    return { version, rootHash: slot.rootHash };
  }

  async readBootId(): Promise<string> {
    return "10a3a06f-7d2b-4d94-9b0d-0c9d6a2c9d51";
  }

  async readHealthReports(): Promise<HealthReport[]> {
    return this.reports;
  }

  async listLocks(): Promise<{ name: string; reason: string }[]> {
    return this.locks;
  }

  async readFreeStateBytes(): Promise<number> {
    return this.freeStateBytes;
  }

  async reboot(): Promise<void> {
    this.reboots++;
  }

  async listEntries(): Promise<string[]> {
    return (await this.bootFolder.list()).map(({ name }) => name).toSorted();
  }

  /** As the loader does it: what it was told, else the first in its order; one try less. `releases`: what there can be. */
  async boot(releases: readonly TestRelease[], { isGood = true } = {}): Promise<string> {
    const { entries } = await readBootFolder(this.bootFolder, TEST_ID);
    const told = entries.find(({ fileName }) => fileName === this.bootOnce);
    this.bootOnce = undefined;
    const entry = told ?? entries.toSorted(compareBootEntries)[0];
    const running = releases.find(({ release }) => release.uki.sha256 === entry?.sha256);
    if (entry === undefined || running === undefined) throw new Error("there is nothing to boot");
    const { counter, ...name } = entry.name;
    const counted =
      counter === undefined || counter.left === 0
        ? entry.fileName
        : encodeBootEntryName({ ...name, counter: { left: counter.left - 1, done: counter.done + 1 } });
    if (counted !== entry.fileName) await this.bootFolder.rename(entry.fileName, counted);
    if (isGood && counter !== undefined) await this.bootFolder.rename(counted, encodeBootEntryName(name));
    await this.bootFolder.sync();
    this.running = running;
    return running.release.version;
  }
}
