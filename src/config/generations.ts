/** The arrows between the states of a generation. None of them touches anything; what they give is to be stored. */
import { createHash } from "node:crypto";

import { parseSha256, type Sha256 } from "#release/sha256.ts";

import type { Current, Generation, GenerationRecord, Previous, Reverted, Trial } from "./generation.ts";
import { migrateDocument } from "./migrations.ts";
import { decodeDocument } from "./parseMachineConfiguration.ts";

export interface NewGeneration {
  /** The text of a document that was found right. */
  readonly document: string;
  readonly who: string;
  readonly reason: string;
}

/** Numbers only grow: that of a reverted one is not given again. */
export function startGeneration(
  generations: readonly Generation[],
  { document, who, reason }: NewGeneration,
  now: Date,
): Current {
  const number = Math.max(0, ...generations.map((each) => each.number)) + 1;
  const form = migrateDocument(decodeDocument(document)).writtenAs ?? "";
  const record = { number, document, digest: digestOf(document), form, who, reason, at: now, healthyOn: [] };
  return { ...record, state: "current" };
}

/** A trial is a new generation with an end. The one before stays current until it is confirmed. */
export function planTrial(from: Current, now: Date, seconds: number): Trial {
  return { ...from, state: "trial", until: new Date(now.getTime() + seconds * 1000) };
}

/** Also for a machine whose clock was set back meanwhile: a trial never lasts longer than it was to. */
export function isTrialOver({ at, until }: Trial, now: Date): boolean {
  return now >= until || now < at;
}

export function confirmTrial({ until: _until, ...from }: Trial): Current {
  return { ...from, state: "current" };
}

/** Another one is current now. */
export function supersede(from: Current): Previous {
  return { ...from, state: "previous" };
}

export function revert(from: Trial | Current, because: string): Reverted {
  const { until: _until, ...record } = { until: undefined, ...from };
  return { ...record, state: "reverted", because };
}

/** Gone back to, by hand or because the one after it was reverted. */
export function restore(from: Previous): Current {
  return { ...from, state: "current" };
}

export function foundHealthy<T extends GenerationRecord>(from: T, version: string): T {
  return from.healthyOn.includes(version) ? from : { ...from, healthyOn: [...from.healthyOn, version] };
}

/** The one to go back to: the newest that was in force and did not fail. Undefined: what the image says. */
export function findRevertTarget(generations: readonly Generation[]): Current | Previous | undefined {
  return (
    generations.find((each) => each.state === "current") ??
    generations.filter((each) => each.state === "previous").toSorted((a, b) => b.number - a.number)[0]
  );
}

/**
 * The one that a version of the system starts with. A version that was gone back to may not read what a newer
 * one was given: then it is the newest that this very version was healthy with, or else the newest that it reads.
 */
export function chooseGeneration(
  generations: readonly Generation[],
  version: string,
  isReadable: (document: string) => boolean,
): Current | Previous | undefined {
  const newestFirst = generations
    .filter((each) => each.state === "current" || each.state === "previous")
    .toSorted((a, b) => b.number - a.number);
  const current = newestFirst.find((each) => each.state === "current");
  if (current !== undefined && isReadable(current.document)) return current;
  const readable = newestFirst.filter(({ document }) => isReadable(document));
  return readable.find(({ healthyOn }) => healthyOn.includes(version)) ?? readable[0];
}

export function digestOf(document: string): Sha256 {
  return parseSha256(createHash("sha256").update(document).digest("hex"));
}
