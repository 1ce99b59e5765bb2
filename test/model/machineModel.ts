import { decodeBootEntryName, encodeBootEntryName } from "#boot/bootCounter.ts";
import { compareBootEntries } from "#boot/bootOrder.ts";
import type { BootEntryFacts } from "#boot/bootOrder.ts";
import { CrashDisk, toBytes } from "#boot/crashDisk.fixture.ts";
import { CrashFolder, readFile, toFolderKey } from "#boot/crashFolder.fixture.ts";
import type { FolderState } from "#boot/crashFolder.fixture.ts";
import { decodeGpt } from "#boot/gpt.ts";
import { readGptCopies } from "#boot/gptCopies.ts";
import { GPT_BACKUP_SECTORS, GPT_PRIMARY_SECTORS } from "#boot/gptTable.ts";
import type { Gpt, GptPartition } from "#boot/gptTable.ts";
import { toPartitionDevice } from "#boot/partitionDevice.ts";
import { rootUuidsOf } from "#boot/partitionUuids.ts";
import { readUpdateFacts } from "#boot/readUpdateFacts.ts";
import { chooseRollback, planRollback, type RollbackPlan } from "#boot/planRollback.ts";
import { planSettle } from "#boot/planStaying.ts";
import { runPlan, toStepsPlan } from "#boot/runPlan.ts";
import type { RunOptions } from "#boot/runPlan.ts";
import { runUpdate } from "#boot/runUpdate.ts";
import type { UpdateOutcome } from "#boot/runUpdate.ts";
import { ESP_NUMBER, VAR_NUMBER } from "#boot/updateFacts.fixture.ts";
import type { UpdateFacts, UpdateLimits } from "#boot/updateFacts.ts";
import type { MachineState } from "#boot/updateMachine.fixture.ts";
import { TEST_ID, toSource } from "#boot/updateRelease.fixture.ts";
import type { TestRelease } from "#boot/updateRelease.fixture.ts";
import { verifySlot } from "#boot/verifySlot.ts";

/** What somebody wants of the machine. */
export interface Order {
  readonly target: TestRelease;
  readonly limits: UpdateLimits;
  /** The target is not fetched: it lies beside what runs. */
  readonly isRollback?: boolean;
}

/** Something that must never happen. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** What can be otherwise than on a real machine, so that the model can be seen to find it. */
export interface ModelVariant {
  readonly isDiskLying?: boolean;
  readonly isFolderLying?: boolean;
  /** Linux looks at the backup table only if its command line says `gpt`. */
  readonly ignoresBackupTable?: boolean;
  readonly run?: typeof runUpdate;
}

export interface World {
  readonly releases: readonly TestRelease[];
  /** Versions that start, and are then not found good. */
  readonly failing: ReadonlySet<string>;
  readonly bootFolderBytes: number;
  readonly variant: ModelVariant;
}

export interface Life {
  readonly outcome: UpdateOutcome;
  readonly running: TestRelease;
  readonly state: MachineState;
}

export const BOOT_TRIES = 3;
const UP_TO_DATE = { kind: "up-to-date" } as const;
const MOST_BOOTS = 20;

export function toStateKey({ sectors, folder, bootOnce = "" }: MachineState): string {
  const bytes = Buffer.from(sectors.buffer, sectors.byteOffset, sectors.byteLength);
  return `${bytes.toString("latin1")} ${toFolderKey(folder)} ${bootOnce}`;
}

/** One machine from power-on on: firmware, loader, initrd and the real update code, over a disk that can crash. */
export class MachineModel {
  readonly #world: World;
  readonly #caches: ModelCaches;
  readonly #onOperation: () => void;
  readonly #folder: CrashFolder;
  #disk: CrashDisk;
  #bootOnce: string | undefined;

  constructor(
    world: World,
    caches: ModelCaches,
    state: MachineState,
    onOperation: () => void = () => undefined,
  ) {
    this.#world = world;
    this.#caches = caches;
    this.#onOperation = onOperation;
    this.#bootOnce = state.bootOnce;
    this.#disk = new CrashDisk(state.sectors);
    this.#folder = new CrashFolder(state.folder, {
      capacityBytes: world.bootFolderBytes,
      onOperation,
      isLying: world.variant.isFolderLying ?? false,
    });
  }

  get state(): MachineState {
    return toState(this.#disk.sectors.slice(), this.#folder.state, this.#bootOnce);
  }

  listCrashes(limit: number, random: () => number): MachineState[] {
    const folders = this.#folder.listCrashes();
    return this.#disk
      .listCrashes(limit, random)
      .flatMap((sectors) => folders.map((folder) => toState(sectors, folder, this.#bootOnce)));
  }

  /** Lives until there is nothing left to do, or until `onStep` throws. */
  async live(order: Order, onStep: (facts: UpdateFacts) => void = () => undefined): Promise<Life> {
    for (let boots = 0; boots < MOST_BOOTS; boots++) {
      const { release: running, entry } = await this.#boot();
      const isTried = entry.name.counter !== undefined;
      if (this.#world.failing.has(running.release.version)) {
        if (!isTried) throw new Violation(`${entry.fileName} was found good and fails`);
        continue;
      }
      if (isTried) await this.#bless(entry);
      const outcome = await this.#update(running, order, onStep);
      if (outcome.kind !== "reboot-needed") return { outcome, running, state: this.state };
    }
    throw new Violation(`not finished after ${MOST_BOOTS} boots`);
  }

  /** Firmware, loader and initrd, up to the verified root. */
  async #boot(): Promise<{ release: TestRelease; entry: BootEntryFacts }> {
    const gpt = await this.#readTable();
    const entries = this.#listEntries();
    await this.#verifyEntries(gpt, entries);
    const told = entries.find(({ fileName }) => fileName === this.#bootOnce);
    this.#setBootOnce(undefined);
    const picked = told ?? entries[0];
    if (picked === undefined) throw new Violation("there is nothing to boot");
    const entry = await this.#countBoot(picked);
    const release = this.#findRelease(entry);
    if (release === undefined) throw new Violation(`${entry.fileName} is damaged`);
    const partitions = findPartitions(gpt, release.release.slot.rootHash);
    if (partitions === undefined) throw new Violation(`the root of ${entry.fileName} is not found`);
    const { root, verity, signature } = partitions;
    const isReadOnly = ({ number }: GptPartition) =>
      [root, verity, signature].some((part) => part.number === number) ||
      [ESP_NUMBER, VAR_NUMBER].includes(number);
    const guarded = gpt.partitions.filter(isReadOnly);
    this.#disk = new CrashDisk(this.#disk.sectors.slice(), {
      onOperation: this.#onOperation,
      isLying: this.#world.variant.isDiskLying ?? false,
      verifyWrite: (sector) => {
        const isGuarded = guarded.some((part) => part.firstSector <= sector && sector <= part.lastSector);
        if (sector === 0 || isGuarded) throw new Violation(`sector ${sector} was written, which nobody may`);
      },
    });
    return { release, entry };
  }

  /** As firmware and kernel read it: UEFI 2.10, 5.3.2. */
  async #readTable(): Promise<Gpt> {
    try {
      if (this.#world.variant.ignoresBackupTable)
        return decodeGpt(toBytes(this.#disk.sectors.subarray(0, GPT_PRIMARY_SECTORS)));
      return await this.#caches.table.get(toTableKey(this.#disk.sectors), async () => {
        const { gpt } = await readGptCopies(this.#disk);
        return gpt;
      });
    } catch (error) {
      throw new Violation("there is no valid partition table", { cause: error });
    }
  }

  /** What the loader lists, in its order: what does not begin like a portable executable it passes over. */
  #listEntries(): BootEntryFacts[] {
    const { state } = this.#folder;
    return [...state.names.keys()]
      .flatMap((fileName) => {
        const name = decodeBootEntryName(fileName);
        const content = readFile(state, fileName);
        return name === undefined || content?.toString("latin1", 0, 2) !== "MZ"
          ? []
          : [{ fileName, name, sizeBytes: content.length, sha256: "" }];
      })
      .toSorted(compareBootEntries);
  }

  /** Each of them starts a system that is all there, and one needs no tries. */
  async #verifyEntries(gpt: Gpt, entries: readonly BootEntryFacts[]): Promise<void> {
    for (const entry of entries) {
      const release = this.#findRelease(entry);
      if (release === undefined) throw new Violation(`${entry.fileName} is damaged, and could be started`);
      await this.#verifyRoot(gpt, entry, release);
    }
    if (!entries.some(({ name }) => name.counter === undefined)) throw new Violation("no entry is good");
  }

  async #verifyRoot(gpt: Gpt, { fileName }: BootEntryFacts, { release }: TestRelease): Promise<void> {
    const partitions = findPartitions(gpt, release.slot.rootHash);
    if (partitions === undefined) throw new Violation(`the root of ${fileName} is not found`);
    const sectorsOf = ({ firstSector, lastSector }: GptPartition) =>
      Buffer.from(this.#disk.sectors.slice(firstSector, lastSector + 1).buffer).toString("latin1");
    const { root, verity, signature } = partitions;
    const key = [release.slot.rootHash, ...[root, verity, signature].map(sectorsOf)].join(" ");
    const problem = await this.#caches.verified.get(key, async () => {
      const devices = {
        root: toPartitionDevice(this.#disk, root),
        verity: toPartitionDevice(this.#disk, verity),
        signature: toPartitionDevice(this.#disk, signature),
      };
      return verifySlot(devices, release.slot).then(
        () => "",
        (error: unknown) => String(error),
      );
    });
    if (problem !== "") throw new Violation(`${fileName} starts a root that is not whole: ${problem}`);
  }

  #findRelease({ fileName, name }: BootEntryFacts): TestRelease | undefined {
    const content = readFile(this.#folder.state, fileName);
    return this.#world.releases.find(
      ({ images, release }) => release.version === name.version && content?.equals(images.uki),
    );
  }

  async #countBoot(entry: BootEntryFacts): Promise<BootEntryFacts> {
    const { counter } = entry.name;
    if (counter === undefined || counter.left === 0) return entry;
    const name = { ...entry.name, counter: { left: counter.left - 1, done: Math.min(counter.done + 1, 9) } };
    const fileName = encodeBootEntryName(name);
    this.#folder.renameByFirmware(entry.fileName, fileName);
    await this.#folder.sync();
    return this.#folder.state.names.has(entry.fileName) ? entry : { ...entry, name, fileName };
  }

  /** As systemd-bless-boot: a name that is there already is left as it is. */
  async #bless({ fileName, name: { id, version } }: BootEntryFacts): Promise<void> {
    const good = encodeBootEntryName({ id, version });
    if (this.#folder.state.names.has(good)) return;
    await this.#folder.rename(fileName, good);
    await this.#folder.sync();
  }

  async #update(
    running: TestRelease,
    { target, limits, isRollback = false }: Order,
    onStep: (facts: UpdateFacts) => void,
  ): Promise<UpdateOutcome> {
    const machine = {
      disk: this.#disk,
      bootFolder: this.#folder,
      source: toSource(target),
      loader: { bootOnce: async (fileName: string) => this.#setBootOnce(fileName) },
    };
    const readFacts = async () => {
      const { sectors, folder } = this.state;
      const { version, slot } = running.release;
      const known = {
        id: TEST_ID,
        running: { version, rootHash: slot.rootHash },
        bootTries: BOOT_TRIES,
        limits,
      };
      const key = `${version} ${toTableKey(sectors)} ${toFolderKey(folder)}`;
      const facts = await this.#caches.facts.get(key, async () => readUpdateFacts(machine, known));
      return { ...facts, limits, ...(this.#bootOnce !== undefined && { bootOnce: this.#bootOnce }) };
    };
    const options: RunOptions = { onStep: (_step, facts) => onStep(facts) };
    if (isRollback) {
      await runPlan(machine, (facts) => toStepsPlan(planSettle(facts), UP_TO_DATE), readFacts, options);
      if (running === target) return UP_TO_DATE;
      const goal = chooseRollback(await readFacts());
      // Asked for twice, it takes back what was staged; the order knows which ends it takes.
      if (goal === undefined) return UP_TO_DATE;
      const outcome = await runPlan<RollbackPlan>(
        machine,
        (facts) => planRollback(facts, goal),
        readFacts,
        options,
      );
      if (outcome.kind === "no-way-back") throw new Violation(outcome.says);
      return outcome;
    }
    return (this.#world.variant.run ?? runUpdate)(machine, target.release, readFacts, options);
  }

  #setBootOnce(fileName: string | undefined): void {
    if (fileName === this.#bootOnce) return;
    this.#bootOnce = fileName;
    this.#onOperation();
  }
}

/** What follows from values alone is worked out once, by the real code. */
export class ModelCaches {
  readonly table = new Cache<Gpt>();
  readonly verified = new Cache<string>();
  readonly facts = new Cache<UpdateFacts>();
}

class Cache<Value> {
  readonly #values = new Map<string, Value>();

  async get(key: string, compute: () => Promise<Value>): Promise<Value> {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = await compute();
    this.#values.set(key, value);
    return value;
  }
}

function toState(sectors: Uint32Array, folder: FolderState, bootOnce: string | undefined): MachineState {
  return { sectors, folder, ...(bootOnce !== undefined && { bootOnce }) };
}

function toTableKey(sectors: Uint32Array): string {
  const places = [sectors.slice(0, GPT_PRIMARY_SECTORS), sectors.slice(-GPT_BACKUP_SECTORS)];
  return places.map((part) => Buffer.from(part.buffer).toString("latin1")).join(" ");
}

function findPartitions(gpt: Gpt, rootHash: string) {
  const uuids = rootUuidsOf(rootHash);
  const find = (wanted: string) => gpt.partitions.find(({ uuid }) => uuid === wanted);
  const [root, verity, signature] = [find(uuids.root), find(uuids.verity), find(uuids.signature)];
  return root && verity && signature && { root, verity, signature };
}
