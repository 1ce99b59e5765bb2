import type { Generation } from "#config/generation.ts";
import { GenerationError, parseGeneration } from "#config/generationRecord.ts";

import type { Log } from "../log.ts";

export const GENERATIONS_FOLDER = "/var/lib/socle/config/generations";

export interface GenerationFiles {
  /** Undefined when there is no such file. */
  readText(path: string): Promise<string | undefined>;
  /** The names in a folder; none when there is no such folder. */
  listFolder(path: string): Promise<readonly string[]>;
}

export function toGenerationPath(number: number): string {
  return `${GENERATIONS_FOLDER}/${number}.json`;
}

/** In their order; other files are none of ours. */
export function toNumbers(names: readonly string[]): number[] {
  const numbers = names.flatMap((name) => /^([1-9][0-9]{0,8})\.json$/.exec(name)?.[1] ?? []);
  return numbers.map(Number).toSorted((a, b) => a - b);
}

/** All that can be read, the oldest first. One that cannot is told of and left out: no machine may stop at it. */
export async function readGenerations(files: GenerationFiles, log: Log): Promise<Generation[]> {
  const skip = (what: string, error: unknown) => {
    // Not the error itself: of a parser, its stack could quote what it read.
    const because = error instanceof Error ? error.message : String(error);
    log("warning", `${what} cannot be used`, { because });
    return [];
  };
  let names: readonly string[];
  try {
    names = await files.listFolder(GENERATIONS_FOLDER);
  } catch (error) {
    return skip(`"${GENERATIONS_FOLDER}"`, error);
  }
  const numbers = toNumbers(names);
  if (numbers.length === 0) return [];
  // Loaded only where it is needed: that takes longer than to read a document.
  const { createHash } = await import("node:crypto");
  const digestOf = (document: string) => createHash("sha256").update(document).digest("hex");
  const found = await Promise.all(
    numbers.map(async (number) => {
      const path = toGenerationPath(number);
      try {
        const text = await files.readText(path);
        if (text === undefined) return [];
        const generation = parseGeneration(text, digestOf);
        if (generation.number !== number)
          throw new GenerationError(
            "generation-altered",
            `Cannot take generation ${generation.number} from the file of generation ${number}`,
          );
        return [generation];
      } catch (error) {
        return skip(`"${path}"`, error);
      }
    }),
  );
  return found.flat();
}
