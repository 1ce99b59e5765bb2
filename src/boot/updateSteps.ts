import type { SlotName } from "./slots.ts";
import type { UpdateRelease } from "./updateRelease.ts";

/** One step of an update. docs/updates.md says what losing power in the middle of each one leaves. */
export type UpdateStep =
  /** One copy of the partition table is damaged or behind: makes both say what the valid one says. */
  | { readonly kind: "repair-table" }
  /** Removes a boot entry that leads to the spare slot, which is about to be written. */
  | { readonly kind: "make-unbootable"; readonly slot: SlotName; readonly fileName: string }
  /** Removes another file of the boot folder that is in the way. */
  | { readonly kind: "remove-file"; readonly fileName: string; readonly reason: RemovalReason }
  /** Names and UUIDs of the slot say that it is being written. */
  | SlotStep<"mark-slot">
  | SlotStep<"write-slot">
  /** Reads the whole slot back. */
  | SlotStep<"verify-slot">
  /** Names and UUIDs of the slot say what it holds. */
  | SlotStep<"name-slot">
  | { readonly kind: "write-uki"; readonly fileName: string; readonly release: UpdateRelease }
  /** Reads back a slot of which nothing is known but its root hash, before the machine goes back to it. */
  | { readonly kind: "check-slot"; readonly slot: SlotName; readonly rootHash: string }
  /** Puts a boot entry behind all others, as one without tries left. */
  | { readonly kind: "set-aside"; readonly fileName: string }
  /** Gives an entry that was set aside its tries again. */
  | { readonly kind: "count-anew"; readonly fileName: string }
  /** Has the loader start an entry at the next boot only; what it would do by itself is not changed. */
  | { readonly kind: "boot-once"; readonly fileName: string }
  | { readonly kind: "reboot" };

interface SlotStep<Kind extends string> {
  readonly kind: Kind;
  readonly slot: SlotName;
  readonly release: UpdateRelease;
}

/** All but the last one, which is not performed but left to whoever knows when the machine may restart. */
export type PerformableStep = Exclude<UpdateStep, { kind: "reboot" }>;

export type RemovalReason =
  /** A write that was cut short has left it. */
  | "left-over"
  /** No slot holds its root hash, or it cannot be read. */
  | "leads-nowhere"
  /** It leads to the running base with an older kernel, or was never found good. */
  | "superseded"
  /** It is of the release that is installed, but has failed, has other content or may share its clusters with another file. */
  | "rewritten";
