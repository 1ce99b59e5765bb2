/** The arrows between the states of a generation. None of them touches anything; what they give is to be stored. */
import { digestOf } from "./documentDigest.ts";
import type { Current, Generation, GenerationRecord, Previous, Reverted, Trial } from "./generation.ts";
import { migrateDocument } from "./migrations.ts";
import { decodeDocument } from "./parseMachineConfiguration.ts";

export interface NewGeneration {
  /** The text of a document that was found right; or empty, see GenerationRecord. */
  readonly document: string;
  readonly who: string;
  readonly reason: string;
  readonly bootId: string;
}

/** @param number more than any before: that of a reverted one is not given again */
export function startTrial(
  number: number,
  { document, who, reason, bootId }: NewGeneration,
  now: Date,
): Trial {
  const form = document === "" ? "" : (migrateDocument(decodeDocument(document)).writtenAs ?? "");
  const record = { number, document, digest: digestOf(document), form, who, reason, at: now, healthyOn: [] };
  return { ...record, state: "trial", bootId, until: undefined };
}

/** It is found healthy, and goes back by itself unless somebody confirms it in time. */
export function awaitConfirmation(from: Trial, now: Date, seconds: number): Trial {
  return { ...from, until: new Date(now.getTime() + seconds * 1000) };
}

/** Why a trial that is found when the program starts does not go on; undefined: it does. */
export function findTrialEnd(
  { at, until, bootId }: Trial,
  now: Date,
  thisBootId: string,
): string | undefined {
  if (bootId !== thisBootId) return "the machine was restarted before it was confirmed";
  if (until === undefined) return "it was cut off while it was put in force";
  // Also when the clock was set back meanwhile: a trial never lasts longer than it was to.
  return now >= until || now < at ? "it was not confirmed in time" : undefined;
}

export function confirm({ bootId: _bootId, until: _until, ...from }: Trial): Current {
  return { ...from, state: "current" };
}

/** Another one is current now. */
export function supersede(from: Current): Previous {
  return { ...from, state: "previous" };
}

export function revert({ bootId: _bootId, until: _until, ...from }: Trial, because: string): Reverted {
  return { ...from, state: "reverted", because };
}

export function foundHealthy<T extends GenerationRecord>(from: T, version: string): T {
  return from.healthyOn.includes(version) ? from : { ...from, healthyOn: [...from.healthyOn, version] };
}

/** A power cut between two writes leaves two current ones: all but the newest are to be superseded. */
export function listSuperseded(generations: readonly Generation[]): Current[] {
  const current = generations.filter((each) => each.state === "current");
  const newest = Math.max(...current.map(({ number }) => number));
  return current.filter(({ number }) => number !== newest);
}

export const GENERATIONS_KEPT = 200;

/** The oldest that neither count nor could be chosen next, once there are too many. */
export function listOldGenerations(
  generations: readonly Generation[],
  kept = GENERATIONS_KEPT,
): Generation[] {
  const newestFirst = generations.toSorted((a, b) => b.number - a.number);
  return newestFirst.slice(kept).filter(({ state }) => state === "reverted" || state === "previous");
}
