import type { Sha256 } from "#release/sha256.ts";

/** What is kept of a configuration that was put in force, whatever became of it. */
export interface GenerationRecord {
  /** From 1. */
  readonly number: number;
  /**
   * As it was given, to the byte: a version of the system that is gone back to reads what it knew. Empty: what the machine
   * starts with when it has no generation, from its image, a credential or a drive.
   */
  readonly document: string;
  /** Of the document's UTF-8. */
  readonly digest: Sha256;
  /** The form it was written in when it was applied: `socle/v1`; empty for an empty document. */
  readonly form: string;
  /** Subject of the caller's certificate. */
  readonly who: string;
  /** In the caller's words. */
  readonly reason: string;
  readonly at: Date;
  /** Versions of the system that judged the machine healthy with it, in the order of the first time. */
  readonly healthyOn: readonly string[];
}

/**
 * One state each; docs/configuration.md draws them. Every generation begins on trial, and the one before stays current
 * until it ends. A trial is of one boot: another boot starts with what is current.
 */
export type Trial = GenerationRecord & {
  readonly state: "trial";
  /** In which it is in force. */
  readonly bootId: string;
  /** Until when it waits for somebody to confirm it. Undefined: it is being put in force, and not found healthy yet. */
  readonly until: Date | undefined;
};
export type Current = GenerationRecord & { readonly state: "current" };
export type Previous = GenerationRecord & { readonly state: "previous" };
export type Reverted = GenerationRecord & { readonly state: "reverted"; readonly because: string };

export type Generation = Trial | Current | Previous | Reverted;
