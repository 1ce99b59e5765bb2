import type { Current, Generation, Previous, Trial } from "./generation.ts";

export interface ChoosingFacts {
  /** Of the system that runs. */
  readonly version: string;
  readonly bootId: string;
  /** Whether this version of the system reads a document. */
  readonly isReadable: (document: string) => boolean;
}

/**
 * The one that counts: on trial in this boot, or else current. A version of the system that was gone back to may not read
 * what a newer one was given: then it is the newest that this very version was healthy with, or else the newest that it
 * reads. Undefined: what the machine starts with when it has no generation.
 */
export function chooseGeneration(
  generations: readonly Generation[],
  { version, bootId, isReadable }: ChoosingFacts,
): Trial | Current | Previous | undefined {
  const newestFirst = generations.toSorted((a, b) => b.number - a.number);
  const trial = newestFirst.find((each): each is Trial => each.state === "trial" && each.bootId === bootId);
  if (trial !== undefined) return trial;
  const current = newestFirst.find((each) => each.state === "current");
  if (current !== undefined && isReadable(current.document)) return current;
  const readable = newestFirst.filter(
    (each): each is Current | Previous =>
      (each.state === "current" || each.state === "previous") && isReadable(each.document),
  );
  return readable.find(({ healthyOn }) => healthyOn.includes(version)) ?? readable[0];
}
