import { hasFailed } from "./bootOrder.ts";
import { GPT_NAME_MAX_UNITS, SECTOR_BYTES } from "./gptTable.ts";
import type { GptPartition } from "./gptTable.ts";
import { planBootFolder } from "./planBootFolder.ts";
import { toPartialName } from "./slots.ts";
import {
  findGoodRunningEntry,
  findRunningEntries,
  findRunningSlot,
  findSlotThatHolds,
  findSpareSlot,
  isRunningRelease,
} from "./updateFacts.ts";
import type { UpdateFacts } from "./updateFacts.ts";
import type { UpdateRelease } from "./updateRelease.ts";
import { compareVersions } from "./version.ts";

/**
 * What can stand between a machine and a release, one line each. A closed gate is an answer, not an
 * error; nothing is written while one is closed, and every step that brings the release looks again.
 */
export interface UpdateGate {
  readonly name: UpdateGateName;
  readonly isOpen: boolean;
  /** A sentence for people, whether open or closed. */
  readonly says: string;
}

export type UpdateGateName = keyof typeof GATES;

export function listUpdateGates(facts: UpdateFacts, release: UpdateRelease): UpdateGate[] {
  return Object.entries(GATES).map(([name, look]) => {
    const { isOpen, says } = look(facts, release);
    return { name: name as UpdateGateName, isOpen, says }; // the keys of the table
  });
}

export function listClosedGates(facts: UpdateFacts, release: UpdateRelease): UpdateGate[] {
  return listUpdateGates(facts, release).filter(({ isOpen }) => !isOpen);
}

/** Whether a slot must be written, and not only a kernel image. */
export function needsSlot(facts: UpdateFacts, { slot }: UpdateRelease): boolean {
  const home = findSlotThatHolds(facts.slots, slot.rootHash);
  const isDamaged = facts.spareCheck?.is === "damaged" && facts.spareCheck.slot === home?.name;
  return home === undefined || isDamaged;
}

/** A sixteenth of a MiB for what FAT needs around a file: a cluster that is not full, a long name. */
const FAT_SLACK_BYTES = 64 * 1024;

interface Look {
  readonly isOpen: boolean;
  readonly says: string;
}

const GATES = {
  "system-id": ({ id }, release) => ({
    isOpen: release.id === id,
    says: `the release is of system "${release.id}", the machine is "${id}"`,
  }),

  slot: (facts) => {
    const [running, spare] = [findRunningSlot(facts), findSpareSlot(facts)];
    if (running === undefined || spare === undefined)
      return { isOpen: false, says: `no slot of the disk holds the running root ${facts.running.rootHash}` };
    const { content, name } = spare;
    if (content.kind !== "unknown")
      return { isOpen: true, says: `slot ${running.name} is running, slot ${name} is spare` };
    const names = content.names.map((found) => `"${found}"`).join(", ");
    return {
      isOpen: false,
      says: `slot ${name} has partitions named ${names}: rename them to "_empty" if nothing in them is needed`,
    };
  },

  confirmed: (facts) => {
    const { version } = facts.running;
    if (findGoodRunningEntry(facts)) return { isOpen: true, says: `${version} runs and was found good` };
    const left = findRunningEntries(facts)[0]?.name.counter?.left;
    const says =
      left === undefined
        ? `no boot entry leads to the running ${version}: nothing would boot if an update failed`
        : `${version} is being tried and has not been found good yet (more tries: ${left})`;
    return { isOpen: false, says };
  },

  "other-version": (facts, release) => {
    const { running } = facts;
    const isSame = isRunningRelease(facts, release);
    return {
      isOpen: isSame || compareVersions(release.version, running.version) !== 0,
      says: `${release.version} is offered, ${running.version} runs${isSame ? "" : "; two different systems cannot have one version"}`,
    };
  },

  downgrade: ({ running, limits }, { version }) => {
    const isOlder = compareVersions(version, running.version) < 0;
    const permission = limits.allowDowngrade ? "which is permitted" : "which must be asked for";
    return {
      isOpen: !isOlder || limits.allowDowngrade,
      says: isOlder
        ? `${version} is older than the running ${running.version}, ${permission}`
        : `${version} is not older than the running ${running.version}`,
    };
  },

  floor: ({ limits: { floor } }, { version }) => ({
    isOpen: floor === undefined || compareVersions(version, floor) >= 0,
    says: floor === undefined ? "there is no floor" : `${version} is offered, the floor is ${floor}`,
  }),

  quarantine: (facts, { version, uki }) => {
    const { limits, bootFolder } = facts;
    const same = bootFolder.entries.filter((entry) => entry.sha256 === uki.sha256);
    // Two names can be left of one file (docs/updates.md): if one of them says that it is good, it is.
    const isGood = same.some(({ name }) => name.counter === undefined);
    const used = isGood ? undefined : same.find(hasFailed);
    const isFailed = limits.quarantined.has(uki.sha256) || used !== undefined;
    const how = used === undefined ? "" : ` (${used.fileName} has no tries left)`;
    return {
      isOpen: !isFailed || limits.retryFailed,
      says: isFailed
        ? `this build of ${version} failed on this machine${how}${limits.retryFailed ? ", and is tried again" : ""}`
        : `this build of ${version} has not failed on this machine`,
    };
  },

  "slot-size": (facts, release) => {
    const spare = findSpareSlot(facts);
    if (spare === undefined || !needsSlot(facts, release))
      return { isOpen: true, says: "no slot has to be written" };
    const { rootBytes, verityBytes, signatureBytes } = release.slot;
    const parts: readonly [string, number, GptPartition][] = [
      ["root", rootBytes, spare.root],
      ["hash tree", verityBytes, spare.verity],
      ["signature", signatureBytes, spare.signature],
    ];
    const tooBig = parts.filter(([, neededBytes, partition]) => neededBytes > toBytes(partition));
    const list = (tooBig.length > 0 ? tooBig : parts).map(
      ([what, neededBytes, partition]) => `${what} ${neededBytes} of ${toBytes(partition)} bytes`,
    );
    return { isOpen: tooBig.length === 0, says: `slot ${spare.name}: ${list.join(", ")}` };
  },

  "slot-name": ({ id }, { version }) => {
    const { length } = toPartialName(id, version);
    return {
      isOpen: length <= GPT_NAME_MAX_UNITS,
      says: `the partitions' longest name has ${length} of ${GPT_NAME_MAX_UNITS} characters`,
    };
  },

  "boot-folder-space": (facts, release) => {
    const { entries, leftOvers, freeBytes } = facts.bootFolder;
    if (release.id !== facts.id) return { isOpen: true, says: "not looked at" };
    if (isRunningRelease(facts, release)) return { isOpen: true, says: "no kernel image has to be written" };
    const { removals, target } = planBootFolder(facts, release, { writesSpare: needsSlot(facts, release) });
    const sizeOf = new Map([...entries, ...leftOvers].map((file) => [file.fileName, file.sizeBytes]));
    const freedBytes = removals.reduce((sum, { fileName }) => sum + (sizeOf.get(fileName) ?? 0), 0);
    const neededBytes = target === undefined ? release.uki.sizeBytes + FAT_SLACK_BYTES : 0;
    return {
      isOpen: neededBytes <= freeBytes + freedBytes,
      says: `the kernel image needs ${neededBytes} bytes of the ESP, ${freeBytes} are free and ${freedBytes} will be`,
    };
  },
} satisfies Record<string, (facts: UpdateFacts, release: UpdateRelease) => Look>;

/** In the order in which they are looked at. */
export const GATE_NAMES = Object.keys(GATES) as UpdateGateName[]; // the keys of the table

function toBytes({ firstSector, lastSector }: GptPartition): number {
  return (lastSector - firstSector + 1) * SECTOR_BYTES;
}
