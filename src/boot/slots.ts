import { ROOT_PARTITION_NUMBERS } from "./diskLayout.ts";
import type { Gpt, GptPartition } from "./gptTable.ts";
import { PARTITION_TYPES } from "./partitionTypes.ts";
import { derivedUuid, rootUuidsOf } from "./partitionUuids.ts";
import type { RootUuids } from "./partitionUuids.ts";
import { UpdateStepError } from "./updateStepError.ts";

/**
 * The two slots of a verified disk, as the partition table alone tells them: names and UUIDs say
 * what is in them (UAPI.2), and nothing else needs to be kept anywhere.
 */
export type SlotName = keyof typeof ROOT_PARTITION_NUMBERS;

export interface Slot {
  readonly name: SlotName;
  readonly root: GptPartition;
  readonly verity: GptPartition;
  readonly signature: GptPartition;
  readonly content: SlotContent;
}

export type SlotContent =
  /** Named `_empty`. */
  | { readonly kind: "free" }
  /** Being written: no kernel image can name its UUIDs. `version` is empty when another program began it. */
  | { readonly kind: "partial"; readonly version: string }
  /** Was verified against this root hash before it got its names and UUIDs. */
  | { readonly kind: "holds"; readonly version: string; readonly rootHash: string }
  /** Names or UUIDs that nobody gives to a slot of this system: left alone. */
  | { readonly kind: "unknown"; readonly names: readonly string[] };

export type Slots = Readonly<Record<SlotName, Slot>>;

/** UAPI.2 reserves these beginnings for partitions that are not complete; other programs pass them over. */
const PARTIAL_PREFIX = "PRT#";
const PENDING_PREFIX = "PND#";
const FREE_NAME = "_empty";

/** Throws an UpdateStepError where the disk has no slots. */
export function decodeSlots(gpt: Gpt, id: string): Slots {
  return { A: decodeSlot(gpt, id, "A"), B: decodeSlot(gpt, id, "B") };
}

/** The longest name that the slot will have on the way. */
export function toPartialName(id: string, version: string): string {
  return `${PARTIAL_PREFIX}${id}_${version}`;
}

/** The same table, but the slot can be found by no root hash and says that it is not complete. */
export function markSlotPartial(gpt: Gpt, id: string, slot: SlotName, version: string): Gpt {
  return relabel(gpt, slot, toPartialName(id, version), partialUuidsOf(id, slot));
}

/** The same table, but the slot is found by the root hash. */
export function nameSlot(gpt: Gpt, id: string, slot: SlotName, version: string, rootHash: string): Gpt {
  return relabel(gpt, slot, `${id}_${version}`, rootUuidsOf(rootHash));
}

export function otherSlot(name: SlotName): SlotName {
  return name === "A" ? "B" : "A";
}

function decodeSlot(gpt: Gpt, id: string, name: SlotName): Slot {
  const find = (type: keyof typeof PARTITION_TYPES, offset: number): GptPartition => {
    const number = ROOT_PARTITION_NUMBERS[name] + offset;
    const found = gpt.partitions.find((partition) => partition.number === number);
    if (found?.typeGuid === PARTITION_TYPES[type]) return found;
    throw new UpdateStepError(
      "no-slots",
      `Cannot update this disk: partition ${number} is ${found === undefined ? "missing" : `of type ${found.typeGuid}`}, wanted the ${type} of slot ${name}`,
      { hint: "Only a disk with two slots can be updated. Write the disk image of a verified level." },
    );
  };
  const [root, verity, signature] = [find("root", 0), find("root-verity", 1), find("root-verity-sig", 2)];
  return { name, root, verity, signature, content: decodeContent(id, name, { root, verity, signature }) };
}

function decodeContent(
  id: string,
  slot: SlotName,
  { root, verity, signature }: Pick<Slot, "root" | "verity" | "signature">,
): SlotContent {
  const { name } = root;
  const names = [root.name, verity.name, signature.name];
  const unknown = { kind: "unknown", names } as const;
  if (names.some((other) => other !== name)) return unknown;
  if (name === FREE_NAME) return { kind: "free" };

  const uuids = { root: root.uuid, verity: verity.uuid, signature: signature.uuid };
  const ours = `${id}_`;
  if (name.startsWith(PARTIAL_PREFIX) || name.startsWith(PENDING_PREFIX)) {
    const isOurs = name.startsWith(PARTIAL_PREFIX + ours) && isSame(uuids, partialUuidsOf(id, slot));
    return { kind: "partial", version: isOurs ? name.slice(PARTIAL_PREFIX.length + ours.length) : "" };
  }
  const rootHash = (root.uuid + verity.uuid).replaceAll("-", "");
  if (!name.startsWith(ours) || !isSame(uuids, rootUuidsOf(rootHash))) return unknown;
  return { kind: "holds", version: name.slice(ours.length), rootHash };
}

/** Not random, so that a second try writes the same table; each slot has its own, as no two partitions may share one. */
function partialUuidsOf(id: string, slot: SlotName): RootUuids {
  const uuidOf = (part: string) => derivedUuid(`socle:${id}`, `partial-${part}-${slot}`);
  return { root: uuidOf("root"), verity: uuidOf("verity"), signature: uuidOf("signature") };
}

function isSame(a: RootUuids, b: RootUuids): boolean {
  return a.root === b.root && a.verity === b.verity && a.signature === b.signature;
}

function relabel(gpt: Gpt, slot: SlotName, name: string, uuids: RootUuids): Gpt {
  const first = ROOT_PARTITION_NUMBERS[slot];
  const uuidOf = new Map([
    [first, uuids.root],
    [first + 1, uuids.verity],
    [first + 2, uuids.signature],
  ]);
  return {
    ...gpt,
    partitions: gpt.partitions.map((partition) => {
      const uuid = uuidOf.get(partition.number);
      return uuid === undefined ? partition : { ...partition, name, uuid };
    }),
  };
}
