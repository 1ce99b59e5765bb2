import type { GateStops } from "./gate.ts";

/** What looking at one gate has found. */
export interface Look {
  readonly isOpen: boolean;
  readonly says: string;
  readonly opensAt?: Date;
  readonly hint?: string;
  /** Where it depends; else what the table of the gates says. */
  readonly stops?: GateStops;
}

/** `2026-06-13 00:00 UTC`. */
export function formatMoment(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
