import type { BootFolder, BlockDevice } from "#boot/updateDevices.ts";
import type { BootLoader } from "#boot/performUpdateStep.ts";
import type { UpdateFacts } from "#boot/updateFacts.ts";
import type { UpdateHold } from "#boot/policy/updatePolicy.ts";
import type { HealthReport } from "#health/healthReport.ts";

/** What the updater needs of the machine it runs on. The real one is system/updater/openUpdaterMachine.ts. */
export interface UpdaterMachine {
  readonly disk: BlockDevice;
  readonly bootFolder: BootFolder;
  readonly loader: BootLoader & {
    /** File name of the entry that the loader has been told to start once; undefined when it has not been. */
    readBootOnce(): Promise<string | undefined>;
  };
  /** What this boot runs: version of the kernel image that was started, root hash that dm-verity checks. */
  readRunning(): Promise<UpdateFacts["running"]>;
  readBootId(): Promise<string>;
  /** The newest first. */
  readHealthReports(): Promise<HealthReport[]>;
  readonly records: UpdateRecords;
  readonly wayBack: WayBackFiles;
  /** Names and reasons of the locks that applications hold: files in /run/socle/locks, and systemd's block inhibitors. */
  listLocks(): Promise<{ readonly name: string; readonly reason: string }[]>;
  /** Free bytes where the machine keeps its state. */
  readFreeStateBytes(): Promise<number>;
  /** Asks systemd for it; returns when it has been asked. */
  reboot(): Promise<void>;
}

/** What must be kept and cannot be derived. Small, versioned files, each written at once; lost where /var is. */
export interface UpdateRecords {
  readQuarantine(): Promise<QuarantineRecord[]>;
  writeQuarantine(record: QuarantineRecord): Promise<void>;
  removeQuarantine(ukiSha256: string): Promise<void>;
  readHold(): Promise<UpdateHold | undefined>;
  /** Undefined removes it. */
  writeHold(hold: UpdateHold | undefined): Promise<void>;
}

/** A build that failed on this machine. */
export interface QuarantineRecord {
  readonly version: string;
  /** SHA-256 of its kernel image: a new build of the same version has another. */
  readonly ukiSha256: string;
  readonly rootHash: string;
  /** RFC 3339, UTC. */
  readonly since: string;
  readonly reason: string;
  /** Boot ids of its health reports. */
  readonly bootIds: readonly string[];
}

/** What updater and initrd say to each other of a confirmed system that does not come up any more; see decision 10. */
export interface WayBackFiles {
  /** Which entry of the boot folder the initrd is to have started then; undefined: there is none. */
  prepare(fileName: string | undefined): Promise<void>;
  /** File name, as it was started, of the kernel image that the initrd went back from; undefined when it did not. */
  readGoneBackFrom(): Promise<string | undefined>;
  forgetGoneBack(): Promise<void>;
}
