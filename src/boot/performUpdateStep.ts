import { encodeBootEntryName } from "./bootCounter.ts";
import type { BootCounter } from "./bootCounter.ts";
import { changeGpt } from "./gptCopies.ts";
import { holdsRoot } from "./holdsRoot.ts";
import { toSlotDevices } from "./partitionDevice.ts";
import { markSlotPartial, nameSlot } from "./slots.ts";
import type { BlockDevice, BootFolder, ImageSource } from "./updateDevices.ts";
import type { SpareCheck, UpdateFacts } from "./updateFacts.ts";
import type { PerformableStep } from "./updateSteps.ts";
import { UpdateWriteError } from "./updateWriteError.ts";
import { verifySlot } from "./verifySlot.ts";
import type { SlotVerification } from "./verifySlot.ts";
import { verifyStep } from "./verifyStep.ts";
import { writeSlot } from "./writeSlot.ts";
import type { SlotProgress } from "./writeSlot.ts";
import { writeUki } from "./writeUki.ts";

/** What an update works on. */
export interface UpdateMachine {
  /** The whole disk: partition table and slots. */
  readonly disk: BlockDevice;
  readonly bootFolder: BootFolder;
  readonly source: ImageSource;
  readonly loader: BootLoader;
}

export interface BootLoader {
  /** Has this entry of the boot folder started at the next boot only; nothing else changes. Durable when it returns. */
  bootOnce(fileName: string): Promise<void>;
}

export interface PerformOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SlotProgress | SlotVerification) => void;
}

/**
 * Performs one step, and everything of it is durable when it returns. `facts` are those that the step
 * was planned from. Returns what is known of the spare slot from now on.
 */
export async function performUpdateStep(
  machine: UpdateMachine,
  facts: UpdateFacts,
  step: PerformableStep,
  options: PerformOptions = {},
): Promise<SpareCheck | undefined> {
  verifyStep(facts, step);
  const { disk, bootFolder, source, loader } = machine;
  switch (step.kind) {
    case "repair-table":
      await changeGpt(disk, (gpt) => gpt);
      return facts.spareCheck;
    case "make-unbootable":
    case "remove-file":
      await bootFolder.remove(step.fileName);
      await bootFolder.sync();
      return facts.spareCheck;
    case "mark-slot":
      await changeGpt(disk, (gpt) => markSlotPartial(gpt, facts.id, step.slot, step.release.version));
      return undefined;
    case "write-slot": {
      const slot = toSlotDevices(disk, facts.slots[step.slot]);
      await writeSlot(slot, source, step.release.slot, options.onProgress, options.signal);
      return { slot: step.slot, rootHash: step.release.slot.rootHash, is: "written" };
    }
    case "verify-slot": {
      const is = (await isWhole(disk, facts, step, options)) ? "verified" : "damaged";
      return { slot: step.slot, rootHash: step.release.slot.rootHash, is };
    }
    case "name-slot": {
      const { version, slot } = step.release;
      await changeGpt(disk, (gpt) => nameSlot(gpt, facts.id, step.slot, version, slot.rootHash));
      return facts.spareCheck;
    }
    case "write-uki":
      await writeUki(bootFolder, source, step.fileName, step.release, options.signal);
      return facts.spareCheck;
    case "check-slot": {
      const { slot, rootHash } = step;
      const isHeld = await holdsRoot(toSlotDevices(disk, facts.slots[slot]), rootHash, options);
      return { slot, rootHash, is: isHeld ? "verified" : "damaged" };
    }
    case "set-aside":
      // One that was tried and never found good stays known as such.
      await recount(bootFolder, facts, step.fileName, (done) => ({ left: 0, done }));
      return facts.spareCheck;
    case "count-anew":
      await recount(bootFolder, facts, step.fileName, () => ({ left: facts.bootTries, done: 0 }));
      return facts.spareCheck;
    case "boot-once":
      await loader.bootOnce(step.fileName);
      return facts.spareCheck;
  }
}

/** A slot that got its name earlier may have been damaged since: then it is written again. One just written may not. */
async function isWhole(
  disk: BlockDevice,
  facts: UpdateFacts,
  { slot, release }: Extract<PerformableStep, { kind: "verify-slot" }>,
  { signal, onProgress }: PerformOptions,
): Promise<boolean> {
  try {
    await verifySlot(toSlotDevices(disk, facts.slots[slot]), release.slot, onProgress, signal);
    return true;
  } catch (error) {
    const wasNamed = facts.slots[slot].content.kind === "holds";
    if (wasNamed && error instanceof UpdateWriteError && error.code === "slot-damaged") return false;
    throw error;
  }
}

async function recount(
  folder: BootFolder,
  { bootFolder }: UpdateFacts,
  fileName: string,
  toCounter: (done: number) => BootCounter,
): Promise<void> {
  const entry = bootFolder.entries.find((candidate) => candidate.fileName === fileName);
  if (entry === undefined) return;
  const counter = toCounter(entry.name.counter?.done ?? 0);
  await folder.rename(fileName, encodeBootEntryName({ ...entry.name, counter }));
  await folder.sync();
}
