import type { Sha256 } from "#release/sha256.ts";

/** What is kept of a configuration that was put in force, whatever became of it. */
export interface GenerationRecord {
  /** From 1. */
  readonly number: number;
  /** As it was given, to the byte: a version of the system that is gone back to reads what it knew. */
  readonly document: string;
  /** Of the document's UTF-8. */
  readonly digest: Sha256;
  /** The form it was written in when it was applied: `socle/v1`. */
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
 * One state each; docs/configuration.md draws them. At most one generation is on trial, and at most one
 * is current; during a trial the one before stays current.
 */
export type Trial = GenerationRecord & { readonly state: "trial"; readonly until: Date };
export type Current = GenerationRecord & { readonly state: "current" };
export type Previous = GenerationRecord & { readonly state: "previous" };
export type Reverted = GenerationRecord & { readonly state: "reverted"; readonly because: string };

export type Generation = Trial | Current | Previous | Reverted;
