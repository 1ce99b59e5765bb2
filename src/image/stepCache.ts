import { createHash } from "node:crypto";
import { join } from "node:path";

import { reportStep, type Report } from "#progress/events.ts";
import { parseSha256, type Sha256 } from "#release/sha256.ts";
import {
  listFolder,
  makeFolder,
  makeWorkFolder,
  moveIfAbsent,
  readIfPresent,
  readStamp,
  readText,
  remove,
  replaceFolder,
  touch,
  writeWithParents,
} from "#system/files.ts";
import { recordCommands, type CommandLine } from "#system/recordCommands.ts";

import { inStep } from "./buildError.ts";

/** JSON values: what a step's inputs and its result are made of. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export interface StepResult<Value> {
  /** The folder that holds what the step made. */
  readonly folder: string;
  /** Names everything that went in; equal keys mean equal results. */
  readonly key: Sha256;
  readonly value: Value;
}

export interface Step<Value> {
  /** A word for people and for the folder, e.g. `packages`. */
  readonly name: string;
  /** Source files whose change makes earlier results void: usually `[import.meta.filename]`. */
  readonly code: readonly string[];
  readonly inputs: Json;
  /** Makes the result in an empty folder. What it returns is kept beside it. */
  readonly make: (folder: string) => Promise<Value>;
  /** A detail for the progress line. */
  readonly describe?: (value: Value) => string;
}

interface StepRecord<Value> {
  readonly value: Value;
  /** What was run in the tools tree to make it. */
  readonly commands: readonly CommandLine[];
  readonly files: Readonly<Record<string, readonly [sizeBytes: number, modifiedMs: number]>>;
}

/**
 * Results of steps, by the digest of their inputs. A result is made in a work folder and renamed
 * into place, so it is there whole or not at all; two builds that make the same one at once both
 * succeed, and one copy stays. A result whose files were touched since is made again.
 */
export class StepCache {
  readonly #steps: string;
  readonly #work: string;
  readonly #report: Report;
  readonly #used = new Set<string>();
  readonly #commands = new Map<string, readonly CommandLine[]>();

  constructor(folders: { steps: string; work: string }, report: Report) {
    this.#steps = folders.steps;
    this.#work = folders.work;
    this.#report = report;
  }

  /** The folders of all results that were asked for. */
  get used(): ReadonlySet<string> {
    return this.#used;
  }

  /**
   * By step, what made the results that were asked for, in this build or in the one that made them.
   * Folders of the host are in it by what they hold: `steps/root` is the result of the step `root`.
   */
  get commands(): ReadonlyMap<string, readonly CommandLine[]> {
    return this.#commands;
  }

  async run<Value>(step: Step<Value>): Promise<StepResult<Value>> {
    const key = digest({ name: step.name, code: await digestCode(step.code), inputs: step.inputs });
    const folder = join(this.#steps, step.name, key);
    this.#used.add(folder);
    const value = await reportStep(this.#report, step.name, async () =>
      inStep(step.name, this.#work, async () => {
        const known = await this.#read<Value>(folder);
        const { value, commands } = known ?? (await this.#make(step, folder));
        this.#commands.set(step.name, commands);
        return { value, ...(known === undefined ? {} : { cached: true }), ...detailOf(step, value) };
      }),
    );
    return { folder, key, value };
  }

  async #read<Value>(folder: string): Promise<StepRecord<Value> | undefined> {
    const text = await readIfPresent(join(folder, "step.json"));
    if (text === undefined) return undefined;
    if (text === "") return undefined; // lost in a power cut
    const record = JSON.parse(text) as StepRecord<Value>; // written by #make below, and by nothing else
    if ((record.commands as unknown) === undefined) return undefined; // from before they were recorded
    for (const [name, [sizeBytes, modifiedMs]] of Object.entries(record.files)) {
      const now = await readStamp(join(folder, name));
      if (now?.sizeBytes !== sizeBytes || now.modifiedMs !== modifiedMs) return undefined;
    }
    // The oldest are pruned first. It is gone when another build is just putting its own in place.
    return (await touch(join(folder, "step.json"))) ? record : undefined;
  }

  /** Where a build lies, and chance in the names of its work folders, is nothing that a release should tell. */
  #withoutFolders(word: string): string {
    return word
      .replaceAll(new RegExp(`${RegExp.escape(this.#steps)}/([^/]+)/[0-9a-f]{64}`, "g"), "steps/$1")
      .replaceAll(new RegExp(`${RegExp.escape(this.#work)}/([^/]+)-\\d+-[0-9a-f]{8}`, "g"), "work/$1");
  }

  async #make<Value>(step: Step<Value>, folder: string): Promise<StepRecord<Value>> {
    const work = await makeWorkFolder(this.#work, step.name);
    try {
      const { value, commands } = await recordCommands(async () => step.make(work));
      const record: StepRecord<Value> = {
        value,
        commands: commands.map((argv) => argv.map((word) => this.#withoutFolders(word))),
        files: await recordFiles(work),
      };
      // Not synced to the disk: that would wait for all that was just written. ext4 gives a file that was
      // lost in a power cut another size, and such a result is made again.
      await writeWithParents(join(work, "step.json"), JSON.stringify(record));
      await makeFolder(join(folder, ".."));
      if (await moveIfAbsent(work, folder)) return record;
      // Where another build was quicker its result is as good as ours; where it was touched since it is void.
      if ((await this.#read(folder)) === undefined) await replaceFolder(work, folder);
      else await remove(work);
      return record;
    } catch (error) {
      // What cannot be removed now is removed by the next run; the first error is the one to tell.
      await remove(work).catch(() => {});
      throw error;
    }
  }
}

/** Size and time of the files at the top of a folder; trees below it are not walked. */
async function recordFiles(folder: string): Promise<StepRecord<unknown>["files"]> {
  const files: Record<string, [number, number]> = {};
  for (const name of await listFolder(folder)) {
    const stamp = await readStamp(join(folder, name));
    if (stamp !== undefined) files[name] = [stamp.sizeBytes, stamp.modifiedMs];
  }
  return files;
}

function detailOf<Value>(step: Step<Value>, value: Value): { detail?: string } {
  return step.describe === undefined ? {} : { detail: step.describe(value) };
}

const codeDigests = new Map<string, Promise<string>>();

async function digestCode(files: readonly string[]): Promise<string[]> {
  return Promise.all(
    files.map((file) => {
      const known = codeDigests.get(file) ?? readText(file).then((text) => digest(text));
      codeDigests.set(file, known);
      return known;
    }),
  );
}

/** SHA-256 over JSON with sorted keys. */
export function digest(value: Json): Sha256 {
  return parseSha256(createHash("sha256").update(canonical(value)).digest("hex"));
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_, part: Json) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
