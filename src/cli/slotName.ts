import { Slot } from "#protocol/gen/socle/v1/machine_pb.ts";

const SLOT_NAMES: Readonly<Record<number, "A" | "B">> = { [Slot.A]: "A", [Slot.B]: "B" };

/** null for none. */
export function toSlotName(slot: Slot | undefined): "A" | "B" | null {
  return SLOT_NAMES[slot ?? Slot.UNSPECIFIED] ?? null;
}
