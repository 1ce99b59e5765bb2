import { LOOKS } from "#system/privilegedLook.ts";

import type { ConfigurationOutcome } from "#config/judgeDocument.ts";
import {
  CONFIGURATION_OUTCOME_PATH,
  parseConfigurationOutcome,
} from "./configuration/configurationOutcome.ts";
import {
  MANAGER_PROPERTIES,
  parseManagerState,
  parseUptime,
  toBootTimes,
  type BootTimes,
} from "./facts/bootTimes.ts";
import { parseAssignments, parseOsRelease } from "./facts/assignments.ts";
import {
  BOOT_COUNT_PATH,
  SECURE_BOOT_PATH,
  STARTED_IMAGE_PATH,
  parseBootCountPath,
  parseSecureBoot,
} from "./facts/efiVariables.ts";
import { UNIT_PROPERTIES, parseFailedUnits, parseUnitNames, type FailedUnit } from "./facts/failedUnits.ts";
import {
  IMAGE_DESCRIPTION_PATH,
  parseImageDescription,
  type ImageDescription,
} from "./facts/imageDescription.ts";
import { findKernelArgument } from "./facts/kernelCommandLine.ts";
import {
  IPE_FOLDER,
  LOCKDOWN_PATH,
  NO_EXECUTION_CONTROL,
  parseLockdown,
  toExecutionControlStatus,
  type ExecutionControlStatus,
  type Lockdown,
} from "./facts/kernelSecurity.ts";
import { findMountOf, parseMountInfo, type Mount } from "./facts/mounts.ts";
import { NOT_PRISTINE_PATH, parseNotPristine, type NotPristine } from "./facts/notPristine.ts";
import { chooseRootPartition, parsePartition, type Partition } from "./facts/partition.ts";
import { UNKNOWN_VERITY, parseVeritySetupStatus, type VerityStatus } from "./facts/verityStatus.ts";
import type { FileEntry } from "./walkFiles.ts";

/** What the agent needs from the machine it runs on. The real one is system/linuxMachine.ts. */
export interface Machine {
  /** The bytes of a file; undefined when it does not exist. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** The names in a folder; none when it does not exist. */
  listFolder(path: string): Promise<string[]>;
  /** The file at a path itself, a symbolic link not followed; undefined when there is none. */
  readEntry(path: string): Promise<FileEntry | undefined>;
  /** Standard output of a program; throws when it cannot run or exits with anything but 0. */
  run(program: string, args: readonly string[]): Promise<string>;
  /** What a program with more rights says, system/privilegedLook.ts; undefined, or no such function, where nobody offers it. */
  look?(path: string): Promise<string | undefined>;
}

export interface MachineFacts {
  readonly image: ImageDescription;
  readonly prettyName: string;
  readonly hostname: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly kernelRelease: string;
  readonly uptimeUs: number;
  readonly systemState: string;
  readonly mounts: readonly Mount[];
  /** Undefined when the root is not on a partition. */
  readonly rootPartition: Partition | undefined;
  /** Undefined when the root is not on dm-verity. */
  readonly verity: VerityStatus | undefined;
  /** As the kernel was started. */
  readonly commandLine: string;
  readonly commandLineRootHash: string | undefined;
  readonly failedUnits: readonly FailedUnit[];
  readonly bootTimes: BootTimes;
  readonly bootCount: { readonly left: number; readonly done: number; readonly blessed: boolean } | undefined;
  /** Undefined without UEFI. */
  readonly secureBoot: boolean | undefined;
  /** Undefined when the kernel does not say. */
  readonly lockdown: Lockdown | undefined;
  readonly executionControl: ExecutionControlStatus;
  /** Undefined on a machine that had no debug session since it was imaged. */
  readonly notPristine: NotPristine | undefined;
  /** Undefined when nothing was put in force in this boot. */
  readonly configuration: ConfigurationOutcome | undefined;
  /** What could not be read, one sentence each. */
  readonly unreadable: readonly string[];
}

/** Left by Socle's initrd: the content of /proc/uptime when its first program started. */
const INITRD_TIMES_PATH = "/run/socle/initrd-times";

/** Tries to read one thing: when it fails, says so in `unreadable` and goes on with the fallback. */
type Attempt = <T>(what: string, fallback: T, read: () => Promise<T>) => Promise<T>;

/**
 * Without an image description nothing else can be understood, so that throws. Any other source that
 * fails does not take the others away: a sick machine is when its status is needed most.
 */
export async function readMachineFacts(machine: Machine): Promise<MachineFacts> {
  const image = parseImageDescription((await readText(machine, IMAGE_DESCRIPTION_PATH)) ?? "");

  const unreadable: string[] = [];
  const attempt: Attempt = async (what, fallback, read) => {
    try {
      return await read();
    } catch (error) {
      unreadable.push(`cannot read ${what}: ${error instanceof Error ? error.message : String(error)}`);
      return fallback;
    }
  };
  const readTrimmed = (path: string) =>
    attempt(path, "", async () => (await readText(machine, path))?.trim() ?? "");

  // All are under way before the first is awaited; an attempt never rejects.
  const osRelease = readTrimmed("/etc/os-release");
  const hostname = readTrimmed("/proc/sys/kernel/hostname");
  const machineId = readTrimmed("/etc/machine-id");
  const bootId = readTrimmed("/proc/sys/kernel/random/boot_id");
  const kernelRelease = readTrimmed("/proc/sys/kernel/osrelease");
  const uptime = readTrimmed("/proc/uptime");
  const initrdTimes = readTrimmed(INITRD_TIMES_PATH);
  const commandLine = readTrimmed("/proc/cmdline");
  const manager = attempt("the state of systemd", parseManagerState(""), () => readManagerState(machine));
  const failedUnits = attempt<FailedUnit[]>("the failed units", [], () => readFailedUnits(machine));
  const bootCount = attempt("the boot count", undefined, () => readBootCount(machine));
  const secureBoot = attempt("the state of Secure Boot", undefined, () => readSecureBoot(machine));
  const lockdown = readTrimmed(LOCKDOWN_PATH);
  const notPristine = attempt("whether there was a debug session", undefined, async () => {
    const mark = await readText(machine, NOT_PRISTINE_PATH);
    return mark === undefined ? undefined : parseNotPristine(mark);
  });
  const executionControl = attempt("the execution policy", NO_EXECUTION_CONTROL, () =>
    readExecutionControl(machine),
  );
  const configuration = attempt("the state of the configuration", undefined, async () =>
    parseConfigurationOutcome(await readText(machine, CONFIGURATION_OUTCOME_PATH)),
  );
  const mounts = await attempt<Mount[]>("the mounts", [], () => readMounts(machine));
  const rootFolder = toRootFolder(mounts);
  const rootPartition = attempt("the partition of the root", undefined, () =>
    readRootPartition(machine, rootFolder, image),
  );
  const verity = readVerity(machine, rootFolder, attempt);

  return {
    image,
    prettyName: parseOsRelease(await osRelease).get("PRETTY_NAME") ?? `${image.name} ${image.version}`,
    hostname: await hostname,
    machineId: await machineId,
    bootId: await bootId,
    kernelRelease: await kernelRelease,
    uptimeUs: parseUptime(await uptime) ?? 0,
    systemState: (await manager).systemState,
    mounts,
    rootPartition: await rootPartition,
    verity: await verity,
    commandLine: await commandLine,
    commandLineRootHash: findKernelArgument(await commandLine, "roothash"),
    failedUnits: await failedUnits,
    bootTimes: toBootTimes(await manager, parseUptime(await initrdTimes)),
    bootCount: await bootCount,
    secureBoot: await secureBoot,
    lockdown: parseLockdown(await lockdown),
    executionControl: await executionControl,
    notPristine: await notPristine,
    configuration: await configuration,
    unreadable,
  };
}

/** The partition that the root is on, alone: quicker than all facts. Undefined when it is on none. */
export async function readRunningPartition(
  machine: Machine,
): Promise<{ image: ImageDescription; rootPartition: Partition | undefined }> {
  const image = parseImageDescription((await readText(machine, IMAGE_DESCRIPTION_PATH)) ?? "");
  const rootPartition = await readRootPartition(machine, toRootFolder(await readMounts(machine)), image);
  return { image, rootPartition };
}

/** The block device that is mounted as the root, in sysfs. */
function toRootFolder(mounts: readonly Mount[]): string {
  return `/sys/dev/block/${findMountOf(mounts, "/")?.deviceNumber}`;
}

export async function readText(
  machine: Pick<Machine, "readFile">,
  path: string,
): Promise<string | undefined> {
  const bytes = await machine.readFile(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** PID 1's view, because the agent's own shows the sandbox of its unit, read-only where the machine is not. */
async function readMounts(machine: Machine): Promise<Mount[]> {
  const text = await readText(machine, "/proc/1/mountinfo");
  if (text === undefined) throw new Error("/proc/1/mountinfo is not there");
  return parseMountInfo(text);
}

/** From the mounted device downwards: names such as /dev/mapper/root are only what somebody chose. */
async function readRootPartition(
  machine: Machine,
  rootFolder: string,
  image: ImageDescription,
): Promise<Partition | undefined> {
  const below = await machine.listFolder(`${rootFolder}/slaves`);
  const paths = [`${rootFolder}/uevent`, ...below.map((name) => `/sys/class/block/${name}/uevent`)];
  const uevents = await Promise.all(paths.map((path) => readText(machine, path)));
  const partitions = uevents
    .map((uevent) => parsePartition(uevent ?? ""))
    .filter((found) => found !== undefined);
  return chooseRootPartition(partitions, image);
}

async function readVerity(
  machine: Machine,
  rootFolder: string,
  attempt: Attempt,
): Promise<VerityStatus | undefined> {
  const read = (name: string) =>
    attempt(`${rootFolder}/dm/${name}`, undefined, async () =>
      (await readText(machine, `${rootFolder}/dm/${name}`))?.trim(),
    );
  const [uuid, name] = await Promise.all([read("uuid"), read("name")]);
  // libcryptsetup puts this before the UUID of every device it opens for dm-verity.
  if (!uuid?.startsWith("CRYPT-VERITY-") || !name) return undefined;
  return attempt(`the dm-verity status of "${name}"`, UNKNOWN_VERITY, async () =>
    parseVeritySetupStatus(await readVerityStatus(machine, name)),
  );
}

/** The look is at the root as Socle's initrd names it. */
async function readVerityStatus(machine: Machine, name: string): Promise<string> {
  const said = name === "root" ? await machine.look?.(LOOKS.verityStatus) : undefined;
  return said ?? machine.run("veritysetup", ["status", name]);
}

async function readManagerState(machine: Machine) {
  return parseManagerState(
    await machine.run("systemctl", ["show", `--property=${MANAGER_PROPERTIES.join()}`]),
  );
}

async function readFailedUnits(machine: Machine): Promise<FailedUnit[]> {
  const list = await machine.run("systemctl", ["list-units", "--state=failed", "--output=json"]);
  const names = parseUnitNames(list);
  if (names.length === 0) return [];
  return parseFailedUnits(
    await machine.run("systemctl", ["show", `--property=${UNIT_PROPERTIES.join()}`, "--", ...names]),
  );
}

async function readBootCount(machine: Machine): Promise<MachineFacts["bootCount"]> {
  const [counted, started] = await Promise.all([
    machine.readFile(BOOT_COUNT_PATH),
    machine.readFile(STARTED_IMAGE_PATH),
  ]);
  // After an image that the firmware refused, the variable still counts that one.
  if (counted === undefined || (started !== undefined && !Buffer.from(started).equals(counted)))
    return undefined;
  const tries = parseBootCountPath(counted);
  if (tries === undefined) return undefined;
  const bless = await machine.run("systemctl", [
    "show",
    "--property=ActiveState",
    "systemd-bless-boot.service",
  ]);
  return { ...tries, blessed: parseAssignments(bless).get("ActiveState") === "active" };
}

async function readSecureBoot(machine: Machine): Promise<boolean | undefined> {
  const variable = await machine.readFile(SECURE_BOOT_PATH);
  return variable === undefined ? undefined : parseSecureBoot(variable);
}

async function readExecutionControl(machine: Machine): Promise<ExecutionControlStatus> {
  const enforce = await readText(machine, `${IPE_FOLDER}/enforce`);
  if (enforce === undefined) return NO_EXECUTION_CONTROL;
  const names = await machine.listFolder(`${IPE_FOLDER}/policies`);
  const policies = await Promise.all(
    names.map(async (name) => {
      const folder = `${IPE_FOLDER}/policies/${name}`;
      const [version, active] = await Promise.all([
        readText(machine, `${folder}/version`),
        readText(machine, `${folder}/active`),
      ]);
      return { name, version: version?.trim() ?? "", active: active?.trim() === "1" };
    }),
  );
  return toExecutionControlStatus(enforce, policies);
}
