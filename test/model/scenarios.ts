import { changeGpt } from "#boot/gptCopies.ts";
import { SECTOR_BYTES } from "#boot/gptTable.ts";
import { planUpdate } from "#boot/planUpdate.ts";
import { runUpdate } from "#boot/runUpdate.ts";
import { markSlotPartial } from "#boot/slots.ts";
import { findSpareSlot } from "#boot/updateFacts.ts";
import type { UpdateLimits } from "#boot/updateFacts.ts";
import { findPlace, makeMachine } from "#boot/updateMachine.fixture.ts";
import { makeTestRelease, TEST_ID } from "#boot/updateRelease.fixture.ts";
import type { TestRelease } from "#boot/updateRelease.fixture.ts";
import { writeUki } from "#boot/writeUki.ts";

import type { CrashOrder, CrashScenario } from "./exploreCrashes.ts";
import type { ModelVariant, World } from "./machineModel.ts";

const V09 = makeTestRelease("0.9");
const V10 = makeTestRelease("1.0");
const V11 = makeTestRelease("1.1");
const V12 = makeTestRelease("1.2");
/** A new kernel for the base of 1.0. */
const KERNEL = makeTestRelease("1.0.1", "1.0");

const UKI_BYTES = V10.images.uki.length;
/** Room for three kernel images, and for what the gate adds to one. */
const BOOT_FOLDER_BYTES = 3 * UKI_BYTES + 64 * 1024;

const FRESH = makeMachine({ slots: { A: V10 }, entries: { "minimal_1.0.efi": V10 } });
const UPDATED = {
  slots: { A: V10, B: V11 },
  entries: { "minimal_1.0.efi": V10, "minimal_1.1.efi": V11 },
} as const;
const SECOND = makeMachine(UPDATED);

/** By name, as a test calls them. */
export const SCENARIOS: Readonly<
  Record<string, Omit<CrashScenario, "name" | "world"> & { failing?: TestRelease }>
> = {
  "an update into a free slot": { start: FRESH, order: to(V11), laterOrders: [to(V12)] },
  "an update over the version before": { start: SECOND, order: to(V12), laterOrders: [] },
  "an update to a release that fails": {
    start: FRESH,
    order: backFrom(V11, V10),
    laterOrders: [to(V12)],
    failing: V11,
  },
  "a new kernel for the same base": { start: FRESH, order: to(KERNEL), laterOrders: [to(V11)] },
  "a way back to the version before": {
    start: SECOND,
    order: to(V10, { allowDowngrade: true }),
    laterOrders: [to(V12)],
  },
  "a rollback to the version before": {
    start: SECOND,
    order: { ...to(V10), name: "back to 1.0", isRollback: true },
    laterOrders: [to(V12)],
  },
  "a rollback to a newer version that was set aside": {
    start: makeMachine({ ...UPDATED, entries: { "minimal_1.0.efi": V10, "minimal_1.1+0-0.efi": V11 } }),
    // Cut after it is staged, it is taken back by asking again: both are ends, and both boot.
    order: {
      ...to(V11),
      name: "forth to 1.1",
      isRollback: true,
      isFinished: ({ outcome, running }) => outcome.kind === "up-to-date" && [V10, V11].includes(running),
    },
    laterOrders: [to(V12)],
  },
  "a way back to a version that is not there any more": {
    start: SECOND,
    order: to(V09, { allowDowngrade: true }),
    laterOrders: [to(V12)],
  },
  "an update to what is in the slot, but has been damaged since": {
    start: makeMachine({
      ...UPDATED,
      entries: { "minimal_1.0.efi": V10 },
      damage: (disk, gpt) => void disk.fill("?", findPlace(gpt, 5).start, findPlace(gpt, 5).start + 9),
    }),
    order: to(V11),
    laterOrders: [],
  },
  "an update of a disk without a primary table": {
    start: makeMachine({ ...UPDATED, damage: (disk) => void disk.fill(0, SECTOR_BYTES, 2 * SECTOR_BYTES) }),
    order: to(V12),
    laterOrders: [],
  },
  "an update of a disk without a backup table": {
    start: makeMachine({ ...UPDATED, damage: (disk) => void disk.fill(0, disk.length - SECTOR_BYTES) }),
    order: to(V12),
    laterOrders: [],
  },
};

/** What would be wrong, so that the model can be seen to find it. By name, as a test calls them. */
export const VARIANTS: Readonly<Record<string, ModelVariant>> = {
  "a disk that does not flush": { isDiskLying: true },
  "a boot folder that does not sync": { isFolderLying: true },
  "a kernel that does not look at the backup table": { ignoresBackupTable: true },
  "a kernel image that is written before its slot": {
    run: async (machine, release, readFacts, options) => {
      const plan = planUpdate(await readFacts(), release);
      const [first, ...others] = plan.kind === "steps" ? plan.steps : [];
      const step = others.find(({ kind }) => kind === "write-uki");
      if (first?.kind === "mark-slot" && step?.kind === "write-uki")
        await writeUki(machine.bootFolder, machine.source, step.fileName, release);
      return runUpdate(machine, release, readFacts, options);
    },
  },
  "a slot that is written before its boot entry is gone": {
    run: async (machine, release, readFacts, options) => {
      const slot = findSpareSlot(await readFacts());
      if (slot?.content.kind === "holds")
        await changeGpt(machine.disk, (gpt) => markSlotPartial(gpt, TEST_ID, slot.name, release.version));
      return runUpdate(machine, release, readFacts, options);
    },
  },
};

export function toScenario(name: string, variant: ModelVariant = {}): CrashScenario {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new RangeError(`There is no scenario "${name}"`);
  const { failing, ...rest } = scenario;
  const world: World = {
    releases: [V09, V10, V11, V12, KERNEL],
    failing: new Set(failing && [failing.release.version]),
    bootFolderBytes: BOOT_FOLDER_BYTES,
    variant,
  };
  return { ...rest, name, world };
}

function to(target: TestRelease, limits: Partial<UpdateLimits> = {}): CrashOrder {
  return {
    name: `to ${target.release.version}`,
    target,
    limits: { allowDowngrade: false, retryFailed: false, quarantined: new Set(), ...limits },
    isFinished: ({ outcome, running }) => outcome.kind === "up-to-date" && running === target,
  };
}

function backFrom(target: TestRelease, back: TestRelease): CrashOrder {
  return {
    ...to(target),
    isFinished: ({ outcome, running }) =>
      outcome.kind === "refused" &&
      outcome.gates.every(({ name }) => name === "quarantine") &&
      running === back,
  };
}
