import type { Generation, Trial } from "#config/generation.ts";
import { encodeGeneration } from "#config/generationRecord.ts";
import { confirm, listOldGenerations, listSuperseded, revert, supersede } from "#config/generations.ts";

import type { Log } from "../log.ts";
import type { ConfigurationMachine } from "./configurationMachine.ts";
import { ConfiguratorError } from "./configuratorError.ts";
import { GENERATIONS_FOLDER, readGenerations, toGenerationPath, toNumbers } from "./readGenerations.ts";

/**
 * The generations on the disk, a file each. Which one counts is derived from them: there is no other record. Each transition
 * is one file, written whole, and one line of the journal.
 */
export class ConfigurationStore {
  readonly #machine: ConfigurationMachine;
  readonly #log: Log;

  constructor(machine: ConfigurationMachine, log: Log) {
    this.#machine = machine;
    this.#log = log;
  }

  /** The oldest first; what cannot be read is left out. */
  async list(): Promise<Generation[]> {
    return readGenerations(this.#machine, this.#log);
  }

  /** @throws {ConfiguratorError} */
  async get(number: number): Promise<Generation> {
    const found = (await this.list()).find((each) => each.number === number);
    if (found !== undefined) return found;
    throw new ConfiguratorError("generation-unknown", `there is no generation ${number}`, {
      hint: "socle config history lists them",
    });
  }

  /** Of all that have a file, damaged or not: a number is not given twice. */
  async nextNumber(): Promise<number> {
    return Math.max(0, ...toNumbers(await this.#machine.listFolder(GENERATIONS_FOLDER))) + 1;
  }

  /** The one that waits in this boot to be confirmed. */
  async findWaiting(bootId: string): Promise<Trial | undefined> {
    return (await this.list()).find(
      (each): each is Trial => each.state === "trial" && each.bootId === bootId && each.until !== undefined,
    );
  }

  /** @throws {ConfiguratorError} when the disk does not take it; nothing has changed then */
  async begin(trial: Trial): Promise<void> {
    try {
      await this.#prune();
      await this.#write(trial, "new");
    } catch (cause) {
      await this.#drop(trial.number).catch(() => {});
      const message = "the configuration cannot be stored: nothing was changed";
      const hint = "The machine's log says why; is there room on /var?";
      throw new ConfiguratorError("configuration-not-stored", message, { hint, cause });
    }
  }

  async keepWaiting(trial: Trial, because: string): Promise<void> {
    await this.#write(trial, "trial", because);
  }

  /** The new one first: a power cut in between leaves two, of which the newer counts. */
  async makeCurrent(trial: Trial, because: string): Promise<void> {
    await this.#write(confirm(trial), "trial", because);
    await this.supersedeOld();
  }

  /** One that stays behind is found at the next start; until then the newer counts. */
  async supersedeOld(): Promise<void> {
    try {
      for (const each of listSuperseded(await this.list())) await this.#write(supersede(each), "current");
    } catch (error) {
      this.#log("warning", "that a generation is not current any more cannot be stored", { error });
    }
  }

  /** A disk that takes nothing more must not keep a machine on what failed. */
  async revert(trial: Trial, because: string): Promise<void> {
    try {
      await this.#write(revert(trial, because), "trial", because);
    } catch (error) {
      const fields = { because, error };
      this.#log("error", `that generation ${trial.number} is reverted cannot be stored`, fields);
      await this.#drop(trial.number);
    }
  }

  async #write(generation: Generation, from: string, because?: string): Promise<void> {
    const { number, who, reason, state } = generation;
    await this.#machine.writeDurably(toGenerationPath(number), encodeGeneration(generation));
    const why = because === undefined ? {} : { because };
    const message = `configuration generation ${number}: ${from} → ${state}`;
    this.#log("info", message, { number, who, reason, ...why });
  }

  async #drop(number: number): Promise<void> {
    await this.#machine.remove(toGenerationPath(number));
    this.#log("warning", `configuration generation ${number} is removed`, { number });
  }

  async #prune(): Promise<void> {
    for (const { number } of listOldGenerations(await this.list())) await this.#drop(number);
    const names = await this.#machine.listFolder(GENERATIONS_FOLDER);
    // What a power cut left of one that was being written.
    for (const name of names.filter((name) => name.endsWith(".tmp")))
      await this.#machine.remove(`${GENERATIONS_FOLDER}/${name}`);
  }
}
